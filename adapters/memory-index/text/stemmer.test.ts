import { expect, test } from '@jest/globals';
import { stemEnglish } from './stemmer.ts';

/** Words and their stems by the reference implementation of Snowball 3. */
const STEMS = `
  a:a at:at skies:sky skis:ski sky:sky dying:die lying:lie
  eying:eye idly:idl gently:gentl ugly:ugli early:earli only:onli singly:singl
  news:news bias:bias inning:inning innings:inning evening:evening outing:outing outings:outing
  canning:canning herring:herring earring:earring proceed:proceed exceed:exceed succeeding:succeed exceedingly:exceed
  caresses:caress gas:gas gaps:gap kiwis:kiwi this:this ties:tie cries:cri
  tied:tie cried:cri agreed:agre feed:feed agreedly:agre succeeded:succeed luxuriated:luxuri
  hopping:hop hoped:hope hoping:hope filing:file failing:fail added:add egging:egg
  offing:off sized:size bluely:blueli troubled:troubl by:by say:say enjoy:enjoy
  cry:cri happy:happi yearly:year sayings:say youth:youth boyish:boyish organizations:organiz
  vietnamization:vietnam operator:oper sensibly:sensibl hopelessness:hopeless formalize:formal electricity:electr electrical:electr
  goodness:good formative:format apologies:apolog biologist:biolog geology:geolog generously:generous communism:communism
  university:universiti emerging:emerg international:internat arsenal:arsenal pasted:paste past:past later:later
  revival:reviv allowance:allow inference:infer airliner:airlin adjustable:adjust replacement:replac adjustment:adjust
  dependent:depend adoption:adopt effective:effect probate:probat rate:rate cease:ceas controlling:control
  roll:roll knackeries:knackeri o'brien:o'brien boys':boy bed:bed ing:ing sing:sing
  used:use bused:buse universe:univers organ:organ
`
  .trim()
  .split(/\s+/)
  .map((pair): [string, string] => {
    const [word = '', stem = ''] = pair.split(':');
    return [word, stem];
  });

test.each(STEMS)('the stem of %s is %s', (word, stem) => {
  expect(stemEnglish(word)).toBe(stem);
});

test('stems are lower-case words of no other letters', () => {
  for (const [word] of STEMS) expect(stemEnglish(word)).toMatch(/^[a-z']+$/);
});
