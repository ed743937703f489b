import { getDocsFile } from '../docs-files.ts';
import { publicRoute } from '../route.ts';

const docsPage = publicRoute({
  method: 'GET',
  path: '/docs',
  summary: 'The documentation of the API as a page',
  answers: { 200: { description: 'the page', contentTypes: ['text/html'] } },
  handler: async ({ response }) => getDocsFile('index.html', response),
});

const docsFile = publicRoute({
  method: 'GET',
  path: '/docs/{file}',
  summary: "The page's scripts and styles",
  answers: { 200: { description: 'the file', contentTypes: ['text/javascript', 'text/css'] } },
  handler: async ({ params, response }) => getDocsFile(params['file'] ?? '', response),
});

/** Routes of the documentation's page. */
export const DOCS_ROUTES = [docsPage, docsFile];
