const NAME = '@holdfast/client';

/** The oldest Node whose `fetch` and streams do what browsers' do. */
const NODE = '>=20';

/** The package.json of the SDK; version and license are those of the whole. */
export function packageManifest(rootManifest: string, entry: string): string {
  const root = JSON.parse(rootManifest) as Readonly<Record<string, unknown>>;
  const types = `./${entry}.d.ts`;
  const manifest = {
    name: NAME,
    version: root['version'],
    description: 'SDK of Holdfast: author agents, run them, follow their runs',
    license: root['license'],
    type: 'module',
    sideEffects: false,
    engines: { node: NODE },
    types,
    exports: { '.': { types, default: `./${entry}.js` }, './package.json': './package.json' },
  };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}
