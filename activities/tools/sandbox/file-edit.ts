import { AppError } from '../../../contracts/app-error.ts';

/** What to replace in a text. */
export interface TextEdit {
  readonly path: string;
  readonly find: string;
  readonly replace: string;
  /** Every occurrence; else there must be exactly one. */
  readonly all: boolean;
}

const SHOWN_LINES = 5;

/** The edited text. Throws `tool.refused`, saying what is wrong with the edit. */
export function editText(text: string, { path, find, replace, all }: TextEdit): string {
  const places = placesOf(text, find);
  const [first] = places;
  if (first === undefined) throw missing(text, path, find);
  if (places.length > 1 && !all) {
    const lines = places.slice(0, SHOWN_LINES).map((place) => lineAt(text, place));
    const more = places.length > SHOWN_LINES ? ' …' : '';
    const where = `${places.length} times in ${path}, at lines ${lines.join(', ')}${more}`;
    throw refused(`the text occurs ${where}; give more of what surrounds it, or set all`);
  }
  const edited = text.split(find).join(replace);
  if (edited === text) throw refused('the edit changes nothing');
  return edited;
}

function placesOf(text: string, find: string): readonly number[] {
  const places: number[] = [];
  for (let at = text.indexOf(find); at !== -1; at = text.indexOf(find, at + find.length)) {
    places.push(at);
  }
  return places;
}

function missing(text: string, path: string, find: string): AppError {
  const bare = (given: string): string => given.replace(/\s+/g, ' ').trim();
  const isNear = bare(find) !== '' && bare(text).includes(bare(find));
  const hint = isNear
    ? 'only its white space or line ends differ'
    : 'read the file, it may have changed';
  return refused(`the text does not occur in ${path}: ${hint}`);
}

function lineAt(text: string, place: number): number {
  return text.slice(0, place).split('\n').length;
}

function refused(message: string): AppError {
  return new AppError('tool.refused', message);
}
