/** A server setting: numbers and switches only. */
export type DynamicConfig = Readonly<Record<string, number | boolean>>;

/**
 * Our tuning of every Temporal server that we start or describe. Untuned, a server reads a shard's
 * transfer queue 20 times a second, so that sequential steps take 100 ms each instead of 15.
 */
export const DYNAMIC_CONFIG: DynamicConfig = {
  'history.transferProcessorMaxPollRPS': 2000,
  'history.timerProcessorMaxPollRPS': 2000,
  'history.visibilityProcessorMaxPollRPS': 200,
  'history.persistenceMaxQPS': 9000,
  'system.enableActivityEagerExecution': true,
  'matching.numTaskqueueReadPartitions': 1,
  'matching.numTaskqueueWritePartitions': 1,
  'matching.enableFairness': true,
  'frontend.namespaceRPS': 10000,
  'frontend.namespaceRPS.visibility': 200,
};

/** The settings as arguments of `temporal server start-dev`. */
export function toDynamicConfigFlags(config: DynamicConfig): readonly string[] {
  return Object.entries(config).flatMap(([key, value]) => [
    '--dynamic-config-value',
    `${key}=${JSON.stringify(value)}`,
  ]);
}

/** The settings as the file that a server's `dynamicConfigClient.filepath` names. */
export function toDynamicConfigYaml(config: DynamicConfig): string {
  return Object.entries(config)
    .map(([key, value]) => `${key}:\n  - value: ${JSON.stringify(value)}\n`)
    .join('');
}
