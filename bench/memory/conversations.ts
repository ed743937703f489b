import type { IndexEntry } from '../../adapters/memory-index/port.ts';

/** Turns of conversations, and questions with the turns that answer them. */
export interface Conversations {
  readonly turns: readonly IndexEntry[];
  readonly questions: readonly Question[];
}

/** A question in other words than its answers. */
export interface Question {
  readonly text: string;
  readonly answers: ReadonlySet<string>;
}

const TURNS_PER_SESSION = 20;
const SESSIONS_PER_FACT = 2;
const DAY_MS = 86_400_000;
const FIRST_DAY = Date.UTC(2025, 0, 1);

const NAMES = 'Anna Bert Carla Dmitri Elif Farid Greta Hugo Ines Jonas Kira Luis'.split(' ');
const TOPICS = `violin:concert,bow,teacher,string,melody chess:opening,rook,tournament,endgame,clock
  garden:tomato,soil,greenhouse,seed,watering sailing:harbour,rope,wind,regatta,anchor
  baking:sourdough,oven,flour,crust,yeast climbing:rope,boulder,summit,grip,harness
  painting:canvas,brush,portrait,gallery,pigment cycling:helmet,gear,hill,puncture,route
  astronomy:telescope,nebula,eclipse,observatory,planet pottery:kiln,glaze,clay,wheel,bowl
  photography:lens,tripod,exposure,darkroom,shutter swimming:lane,butterfly,goggles,pool,coach`
  .split(/\s+/)
  .map((line) => line.split(':'))
  .map(([topic = '', words = '']) => ({ topic, words: words.split(',') }));
const CITIES = 'Oslo Porto Kyoto Quito Tallinn Cusco Galway Bergen Utrecht Zadar'.split(' ');
const SMALL_TALK = `how was your week|that sounds really nice|I was so tired yesterday
  |we should meet again soon|the weather has been strange lately|did you sleep well
  |my sister called me in the morning|I have to buy groceries later|work is busy as always
  |thanks for telling me|I read something about it|let us talk about it next time`
  .split('|')
  .map((line) => line.trim());
/** What was said, and how someone else asks for it weeks later. */
const FACTS: readonly (readonly [said: string, asked: string])[] = [
  ['I just bought a new {word} for {topic} in {city}', 'Where did {name} buy the {word}?'],
  ['My {topic} lessons in {city} begin on {day}', 'When do the {topic} lessons of {name} begin?'],
  ['I broke my {word} while traveling through {city}', 'What did {name} break in {city}?'],
  [
    'Next summer I will teach {topic} at a school in {city}',
    'What will {name} be teaching in {city}?',
  ],
  ['The {word} was a gift from my uncle in {city}', 'Who gave {name} the {word}?'],
];

/** The same conversations for the same seed and size. */
export function makeConversations(size: number, seed = 1): Conversations {
  const random = seeded(seed);
  const turns: IndexEntry[] = [];
  const answers = new Map<string, Set<string>>();
  const sessions = Math.ceil(size / TURNS_PER_SESSION);
  for (let session = 0; session < sessions; session += 1) {
    const topic = pick(TOPICS, random);
    const name = pick(NAMES, random);
    const day = FIRST_DAY + Math.floor(random() * 300) * DAY_MS;
    const planted = session % SESSIONS_PER_FACT === 0 ? 5 + Math.floor(random() * 10) : -1;
    for (let position = 0; position < TURNS_PER_SESSION && turns.length < size; position += 1) {
      const id = `s${session}t${position}`;
      const word = pick(topic.words, random);
      const fill = (text: string): string =>
        text
          .replaceAll('{name}', name)
          .replaceAll('{topic}', topic.topic)
          .replaceAll('{word}', word)
          .replaceAll('{city}', CITIES[session % CITIES.length] ?? '')
          .replaceAll('{day}', dateOf(day + 7 * DAY_MS));
      const [said, asked] = pick(FACTS, random);
      const talk =
        random() < 0.4 ? `the ${word} made me think of ${topic.topic}` : pick(SMALL_TALK, random);
      const speaker = position % 2 === planted % 2 || planted < 0 ? name : pick(NAMES, random);
      const text = `(${dateOf(day)}) ${speaker}: ${position === planted ? fill(said) : talk}`;
      turns.push(toTurn({ id, text, session: `s${session}`, position, at: day }));
      if (position !== planted) continue;
      // Nobody remembers when it was said; where two said the same, both are asked for.
      const question = fill(asked);
      answers.set(question, (answers.get(question) ?? new Set()).add(id));
    }
  }
  const questions = [...answers].map(([text, ids]) => ({ text, answers: ids }));
  return { turns, questions };
}

/** The place of a turn among all. */
export function numberOfTurn(id: string): number {
  const [session = 0, position = 0] = id.slice(1).split('t').map(Number);
  return session * TURNS_PER_SESSION + position;
}

function toTurn(turn: {
  readonly id: string;
  readonly text: string;
  readonly session: string;
  readonly position: number;
  readonly at: number;
}): IndexEntry {
  return {
    id: turn.id,
    version: 1,
    profile: 'dialogue',
    text: turn.text,
    session: { id: turn.session, position: turn.position },
    vectors: [],
    attributes: { user: `u${Number(turn.session.slice(1)) % 10}`, at: turn.at },
    retention: { lastAccessAt: turn.at, stabilityMs: 30 * DAY_MS },
  };
}

function dateOf(time: number): string {
  return new Date(time).toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'long',
    year: 'numeric',
    timeZone: 'UTC',
  });
}

function pick<T>(items: readonly T[], random: () => number): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error('there is nothing to pick from');
  return item;
}

/** Numbers from 0 to 1 that are the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
