import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

// Jest's own order, of a package that comes with Jest.
const fromJest = createRequire(createRequire(import.meta.url).resolve('jest'));
const fromCore = createRequire(fromJest.resolve('@jest/core'));
const { default: Sequencer } = fromCore('@jest/test-sequencer');

const USES_DOCKER = /harness\/docker\.ts'/;
/** They wait for servers most of their time: begun late, they would hold up the end alone. */
const WAITS_LONG = /tests\/(?:system\/(?:kill|closed-workflows)|memory\/(?:neo4j|learning))\.test/;

/** Puts files that need Docker last: it is prepared while the others run. */
export default class DockerLast extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const uses = new Set(sorted.filter(({ path }) => USES_DOCKER.test(readFileSync(path, 'utf8'))));
    const others = sorted.filter((test) => !uses.has(test));
    const waits = others.filter(({ path }) => WAITS_LONG.test(path));
    return [...waits, ...others.filter((test) => !waits.includes(test)), ...uses];
  }
}
