/** Debian packages the image builder runs: root filesystems come from mmdebstrap, pushes to a registry go through skopeo. */
export const imagePackages = ['mmdebstrap', 'skopeo'] as const;
