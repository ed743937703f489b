/** Every table by its name. */
export interface Tables {
  readonly runs: { readonly id: string };
}
