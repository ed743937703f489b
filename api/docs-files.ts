import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ServerResponse } from 'node:http';
import { AppError } from '../contracts/app-error.ts';
import { DOCS_HEADERS } from './security-headers.ts';

const require = createRequire(import.meta.url);
const DIST = dirname(require.resolve('swagger-ui-dist/package.json'));

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Holdfast API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/init.js"></script>
</body>
</html>
`;

const INIT = `SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#swagger-ui',
  validatorUrl: null,
  persistAuthorization: false,
});
`;

interface DocsFile {
  readonly type: string;
  readonly load: () => Promise<Buffer>;
}

const fromDist = (name: string, type: string): DocsFile => ({
  type,
  load: () => readFile(join(DIST, name)),
});
const fromText = (text: string, type: string): DocsFile => ({
  type,
  load: async () => Buffer.from(text),
});

/** All files there are; no name from a request becomes a path. */
const FILES: Readonly<Record<string, DocsFile>> = {
  'index.html': fromText(PAGE, 'text/html; charset=utf-8'),
  'init.js': fromText(INIT, 'text/javascript; charset=utf-8'),
  'swagger-ui.css': fromDist('swagger-ui.css', 'text/css; charset=utf-8'),
  'swagger-ui-bundle.js': fromDist('swagger-ui-bundle.js', 'text/javascript; charset=utf-8'),
  'favicon-32x32.png': fromDist('favicon-32x32.png', 'image/png'),
};

/** Writes a file of the documentation's page. Throws `route.not_found` for others. */
export async function getDocsFile(name: string, response: ServerResponse): Promise<null> {
  const file = Object.hasOwn(FILES, name) ? FILES[name] : undefined;
  if (file === undefined) throw new AppError('route.not_found', 'there is no such page');
  const bytes = await file.load();
  for (const [header, value] of DOCS_HEADERS) response.setHeader(header, value);
  response.writeHead(200, { 'content-type': file.type, 'content-length': bytes.length });
  response.end(bytes);
  return null;
}
