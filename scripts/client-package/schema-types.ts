import { dirname, relative } from 'node:path';
import ts from 'typescript';

const FORMAT: ts.TypeFormatFlags =
  ts.TypeFormatFlags.NoTruncation |
  ts.TypeFormatFlags.InTypeAlias |
  ts.TypeFormatFlags.UseFullyQualifiedType |
  ts.TypeFormatFlags.UseSingleQuotesForStringLiteralType;

/** The types that a module exports, written out, so that the schemas behind them are not needed. */
export function schemaTypes(source: ts.SourceFile, checker: ts.TypeChecker): string {
  const lines = source.statements.flatMap((statement) => {
    if (ts.isInterfaceDeclaration(statement) && isExported(statement)) {
      return [statement.getFullText(source).trim()];
    }
    if (!ts.isTypeAliasDeclaration(statement) || !isExported(statement)) return [];
    const type = checker.typeToString(checker.getTypeAtLocation(statement), undefined, FORMAT);
    const comment = source.text.slice(statement.getFullStart(), statement.getStart(source)).trim();
    return [
      `${comment}\nexport type ${statement.name.text} = ${withRelativeImports(type, source)};`,
    ];
  });
  return `${lines.join('\n')}\n`;
}

function isExported(node: ts.Declaration): boolean {
  return (ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Export) !== 0;
}

/** As the compiler writes it for readers anywhere: whole path, and how to load it. */
const IMPORT = /\bimport\("([^"]+)"(?:, \{ with: \{[^}]*\} \})?\)/g;

function withRelativeImports(type: string, source: ts.SourceFile): string {
  return type.replaceAll(IMPORT, (...[, path]) => {
    const file = relative(dirname(source.fileName), String(path));
    return `import('${file.startsWith('.') ? file : `./${file}`}.js')`;
  });
}
