/**
 * The import table of the conventions. A folder may import itself and what is listed; `types` names
 * folders of which only types may be imported; `npm` the packages.
 */
const TABLE = {
  contracts: { code: [], types: [], npm: ['zod'] },
  engine: {
    code: ['contracts'],
    types: [],
    npm: ['@marcbachmann/cel-js', '@cfworker/json-schema', 're2js'],
  },
  workflows: {
    code: ['engine', 'contracts'],
    types: ['activities'],
    npm: ['@temporalio/workflow', '@temporalio/common'],
  },
  activities: {
    code: ['engine', 'contracts'],
    types: ['adapters', 'db'],
    npm: ['@temporalio/activity', '@temporalio/common', 'undici', 'ipaddr.js'],
  },
  adapters: {
    code: ['contracts'],
    types: [],
    npm: [
      '@langchain/.*',
      '@qdrant/js-client-rest',
      'dockerode',
      'ipaddr.js',
      'mammoth',
      'marked',
      'neo4j-driver',
      'parse5',
      'playwright-core',
      'puppeteer-core',
      'unpdf',
    ],
  },
  db: { code: ['contracts'], types: [], npm: ['kysely', 'pg', 'diff', 're2js'] },
  temporal: { code: ['contracts'], types: [], npm: ['@temporalio/.*'] },
  runtime: {
    code: ['contracts', 'engine', 'activities', 'adapters', 'db', 'temporal', 'api', 'workers'],
    types: [],
    npm: ['.*'],
  },
  workers: {
    code: ['engine', 'contracts', 'runtime'],
    types: ['activities', 'db', 'temporal', 'adapters'],
    npm: ['@temporalio/.*'],
  },
  api: {
    code: ['engine', 'contracts', 'runtime'],
    types: ['activities', 'db', 'temporal', 'adapters'],
    npm: ['express', 'helmet', 'swagger-ui-dist', 'zod', 'pino'],
  },
  client: { code: ['contracts'], types: [], npm: [] },
};

const folders = Object.keys(TABLE);
const TESTS = '\\.(test|suite|type-test)\\.ts$';

function rulesOf(folder) {
  const { code, types, npm } = TABLE[folder];
  const mine = `^${folder}/`;
  const others = folders.filter((name) => name !== folder);
  const forbidden = others.filter((name) => !code.includes(name) && !types.includes(name));
  const rules = [
    {
      name: `${folder}-imports-only-its-row`,
      comment: `${folder}/ may import: ${[...code, ...types.map((t) => `types of ${t}`)].join(', ') || 'nothing else'}.`,
      severity: 'error',
      from: { path: mine, pathNot: TESTS },
      to: {
        path: `^(${[...forbidden, 'tests', 'bench', 'start', 'scripts', 'examples'].join('|')})/`,
      },
    },
    {
      name: `${folder}-packages`,
      comment: `${folder}/ may use only the packages of its row: ${npm.join(', ') || 'none'}.`,
      severity: 'error',
      from: { path: mine, pathNot: TESTS },
      to: {
        dependencyTypes: [
          'npm',
          'npm-dev',
          'npm-optional',
          'npm-peer',
          'npm-no-pkg',
          'npm-unknown',
        ],
        pathNot: npm.length === 0 ? '^$' : `node_modules/(${npm.join('|')})(/|$)`,
      },
    },
  ];
  if (types.length > 0) {
    rules.push({
      name: `${folder}-imports-types-only`,
      comment: `of ${types.join(', ')} ${folder}/ may import types only.`,
      severity: 'error',
      from: { path: mine, pathNot: TESTS },
      to: { path: `^(${types.join('|')})/`, dependencyTypesNot: ['type-only'] },
    });
  }
  return rules;
}

export default {
  forbidden: [
    ...folders.flatMap(rulesOf),
    {
      name: 'zod-in-schema-files-only',
      comment:
        'In contracts/ zod is for *.schema.ts: everything else must be free to import anywhere.',
      severity: 'error',
      from: { path: '^contracts/', pathNot: '\\.schema\\.ts$' },
      to: { path: 'node_modules/zod' },
    },
    {
      name: 'workflows-see-schemas-as-types',
      comment: 'No schema library in replayed code.',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '\\.schema\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'pure-code-uses-no-node-api',
      comment: 'contracts/, engine/, workflows/ and client/ run anywhere.',
      severity: 'error',
      from: { path: '^(contracts|engine|workflows|client)/', pathNot: TESTS },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'nothing-imports-what-runs-the-product',
      severity: 'error',
      from: { path: `^(${folders.join('|')})/`, pathNot: TESTS },
      to: { path: '^(tests|bench|examples|start|scripts)/' },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one concept or three.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(node_modules|\\.holdfast|dist|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.mjs', '.js'],
    },
  },
};
