import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// Jest's own order, of a package that comes with Jest.
const fromJest = createRequire(createRequire(import.meta.url).resolve('jest'));
const fromCore = createRequire(fromJest.resolve('@jest/core'));
const { default: Sequencer } = fromCore('@jest/test-sequencer');

const USES_DOCKER = /harness\/docker\.ts'/;
/** They wait for servers most of their time: begun late, they would hold up the end alone. */
const WAITS_LONG =
  /tests\/(?:system\/(?:kill|crawl-kill|crawl|closed-workflows|ingestion|memory-queue|size)|memory\/(?:neo4j|learning)|sandbox\/(?:runs|docker-port|browser)|examples\/(?:csv-analysis|berth-booking)|start\/main)\.test/;

/** Puts long files first; of them and of the others those that need Docker last: it is prepared meanwhile. */
export default class DockerLast extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    return split(sorted, ({ path }) => WAITS_LONG.test(path)).flatMap((part) => {
      const [uses, others] = split(part, ({ path }) =>
        USES_DOCKER.test(readFileSync(path, 'utf8')),
      );
      return [...others, ...uses];
    });
  }
}

/** Those that are so, and the others, in their order. */
function split(tests, isSo) {
  return [tests.filter(isSo), tests.filter((test) => !isSo(test))];
}
