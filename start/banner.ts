/** What a person wants to know when everything runs. */
export interface BannerFacts {
  readonly apiUrl: string | null;
  readonly apiKey: string | null;
  readonly temporalUiUrl: string | null;
  readonly roles: readonly string[];
  readonly statePath: string;
  readonly model: string;
  readonly memory: string;
}

/** The lines that tell where things are; absent facts have no line. */
export function bannerLines(facts: BannerFacts): readonly string[] {
  const { apiUrl, apiKey, temporalUiUrl } = facts;
  const rows: readonly (readonly [string, string | null])[] = [
    ['API', apiUrl],
    ['Docs', apiUrl === null ? null : `${apiUrl}/docs`],
    ['Temporal UI', temporalUiUrl],
    ['API key', apiKey],
    ['Model', facts.model],
    ['Memory', facts.memory],
    ['State', facts.statePath],
  ];
  const shown = rows.flatMap(([name, value]) =>
    value === null ? [] : [`  ${name.padEnd(12)} ${value}`],
  );
  return ['', `Holdfast runs (${facts.roles.join(' and ')}). Ctrl-C stops it.`, ...shown, ''];
}
