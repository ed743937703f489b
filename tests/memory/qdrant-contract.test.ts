import { describeMemoryIndex } from '../../adapters/memory-index/port.suite.ts';
import { describeUnless } from '../harness/not-run.ts';
import { useQdrant } from './qdrant-bench.ts';
import { findQdrant } from './qdrant-server.ts';

const qdrant = await findQdrant();

describeUnless(qdrant.lacking, `Qdrant (${qdrant.what})`, () => {
  const bench = useQdrant(qdrant);

  describeMemoryIndex('QdrantIndex', async () => bench.open(bench.newCollection()));
});
