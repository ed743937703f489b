import { describeMemoryIndex } from '../port.suite.ts';
import { InProcessIndex } from './in-process-index.ts';

describeMemoryIndex('the index in this process', async () => new InProcessIndex());
describeMemoryIndex(
  'the index in this process that closes every gap',
  async () => new InProcessIndex({ minGaps: 1 }),
);
