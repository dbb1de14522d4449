import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

export interface ToolResult {
  exitCode: number | undefined;
  output: string;
}

/** Writes the files to a folder of their own, and runs a program there. */
export async function runTool(program: string, args: readonly string[], files: Readonly<Record<string, string>>): Promise<ToolResult> {
  const folder = await mkdtemp(join(tmpdir(), 'authsome-observability-'));
  try {
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    const { exitCode, all } = await execa(program, args, { cwd: folder, reject: false, all: true, timeout: 30_000, stdin: 'ignore' });
    return { exitCode, output: all };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
