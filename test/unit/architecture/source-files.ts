import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import ts from 'typescript';

const root = resolve(import.meta.dirname, '../../..');

export interface ParsedFile {
  /** From the root of the repository. */
  path: string;
  source: ts.SourceFile;
}

/** The TypeScript files of these folders, parsed. */
export function parseFolders(folders: readonly string[]): ParsedFile[] {
  return folders.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => {
        const file = join(entry.parentPath, entry.name);
        return { path: relative(root, file), source: ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true) };
      }),
  );
}

/** Every node of a kind. */
export function nodesOf<N extends ts.Node>({ source }: ParsedFile, is: (node: ts.Node) => node is N): N[] {
  const found: N[] = [];
  const visit = (node: ts.Node): void => {
    if (is(node)) found.push(node);
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}

/** What a file calls the things that it imports from a package: `import pg, { Pool as P } from 'pg'` gives `pg` and `P`. */
export function importedNames(file: ParsedFile, from: string): string[] {
  return nodesOf(file, ts.isImportDeclaration)
    .filter(({ moduleSpecifier }) => ts.isStringLiteral(moduleSpecifier) && moduleSpecifier.text === from)
    .flatMap(({ importClause }) => {
      const named = importClause?.namedBindings;
      const names = named === undefined ? [] : ts.isNamespaceImport(named) ? [named.name] : named.elements.map(({ name }) => name);
      return [...(importClause?.name ? [importClause.name] : []), ...names].map(({ text }) => text);
    });
}

/** `path:line: text`, as compilers name a place. */
export function place({ path, source }: ParsedFile, node: ts.Node): string {
  const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
  return `${path}:${line + 1}: ${node.getText(source).split('\n', 1)[0]}`;
}
