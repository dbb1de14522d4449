import type { ImageInputs } from './image-definitions.ts';
import type { LayerRecipe } from './oci-layout.ts';
export function pluginLayers(_inputs: ImageInputs): Promise<LayerRecipe[]> { return Promise.resolve([]); }
