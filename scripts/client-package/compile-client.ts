import { join, relative } from 'node:path';
import ts from 'typescript';
import { schemaTypes } from './schema-types.ts';

/** Oldest language and library that the package asks for. */
const LANGUAGE: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.dom.asynciterable.d.ts'],
  // Nothing of Node may be needed.
  types: [],
};

/**
 * JavaScript and declarations of the entry and of all that it imports, by their paths below the
 * root. Throws when the sources do not fit the package's language.
 */
export function compileClient(root: string, entry: string): ReadonlyMap<string, string> {
  const program = ts.createProgram([join(root, entry)], {
    ...readOptions(root),
    ...LANGUAGE,
    rootDir: root,
    outDir: root,
    noEmit: false,
    declaration: true,
    incremental: false,
    rewriteRelativeImportExtensions: true,
  });
  refuse(ts.getPreEmitDiagnostics(program));
  const files = new Map<string, string>();
  const keep = (file: string, text: string): void => {
    files.set(relative(root, file), withJsSpecifiers(text));
  };
  program.emit(undefined, keep);
  for (const source of program.getSourceFiles()) {
    if (!source.fileName.endsWith('.schema.ts')) continue;
    // Written as `z.infer` they would bring the schema library to every reader.
    keep(source.fileName.replace(/ts$/, 'd.ts'), schemaTypes(source, program.getTypeChecker()));
  }
  return files;
}

function readOptions(root: string): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (file) =>
    ts.sys.readFile(file),
  ) as { readonly config: unknown };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  // Left over from an incremental check, and refused where there is none.
  const { tsBuildInfoFile, ...rest } = options;
  return tsBuildInfoFile === undefined ? options : rest;
}

function refuse(diagnostics: readonly ts.Diagnostic[]): void {
  if (diagnostics.length === 0) return;
  throw new Error(
    ts.formatDiagnostics(diagnostics, {
      getCanonicalFileName: (name) => name,
      getCurrentDirectory: () => ts.sys.getCurrentDirectory(),
      getNewLine: () => '\n',
    }),
  );
}

/** In declarations the compiler leaves `./run.ts` as it is. */
function withJsSpecifiers(text: string): string {
  return text.replaceAll(/((?:from |import\()(['"])\.{1,2}\/[^'"\n]+)\.ts\2/g, '$1.js$2');
}
