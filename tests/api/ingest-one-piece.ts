import type { TestApi } from './api-harness.ts';

/** Does what the worker would: cuts the document into one piece and ends the ingestion. */
export async function ingestOnePiece(
  api: TestApi,
  documentId: string,
  text: string,
): Promise<void> {
  const { knowledge } = api.deps;
  const ingestion = await knowledge.lastIngestion(api.own.id, documentId);
  if (ingestion === null) throw new Error('nothing is being ingested');
  const { revision } = ingestion;
  const place = { page: 2, start: 0, end: text.length, headings: ['Top'] };
  await knowledge.replaceChunks(api.own.id, { documentId, revision, chunks: [{ text, ...place }] });
  const step = { step: 'chunk', state: 'succeeded', done: 1, total: 1 } as const;
  await knowledge.ingestionStep(api.own.id, ingestion.id, step);
  await knowledge.endIngestion(api.own.id, ingestion.id, { state: 'succeeded' });
  await knowledge.progress(api.own.id, documentId, { state: 'ready', revision });
}
