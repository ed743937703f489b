/** The environment variables that Holdfast reads; empty ones count as absent. */
export const ENV_NAMES = [
  'DATABASE_URL',
  'TEMPORAL_ADDRESS',
  'TEMPORAL_NAMESPACE',
  'TEMPORAL_API_KEY',
  'TEMPORAL_TLS',
  'HOLDFAST_HOME',
  'HOLDFAST_CACHE_DIR',
  'HOLDFAST_HOST',
  'HOLDFAST_PORT',
  'HOLDFAST_METRICS_HOST',
  'HOLDFAST_METRICS_PORT',
  'HOLDFAST_KEY_PEPPER',
  'HOLDFAST_LOG_LEVEL',
  'HOLDFAST_CORS_ORIGINS',
  'HOLDFAST_MODEL',
  'HOLDFAST_MODEL_SILENCE_MS',
  'HOLDFAST_HTTP_ALLOW',
  'HOLDFAST_CRAWL_PAUSE_MS',
  'HOLDFAST_INPUTS',
  'HOLDFAST_TOOLS',
  'HOLDFAST_DATABASE_CONNECTIONS',
  'HOLDFAST_CONCURRENT_MEMORY_STEPS',
  'HOLDFAST_CONCURRENT_STEPS',
  'HOLDFAST_CACHED_RUNS',
  'HOLDFAST_TASK_QUEUE',
  'HOLDFAST_WORKER_QUEUES',
  'OPENAI_API_KEY',
  'OPENAI_BASE_URL',
  'ANTHROPIC_API_KEY',
  'ANTHROPIC_BASE_URL',
  'GOOGLE_API_KEY',
  'OLLAMA_BASE_URL',
  'EMBEDDER',
  'EMBEDDER_URL',
  'EMBEDDER_API_KEY',
  'EMBEDDER_DIM',
  'EMBEDDER_PREVIOUS',
  'RERANKER',
  'RERANKER_URL',
  'RERANKER_MODEL',
  'RERANKER_API_KEY',
  'HOLDFAST_MEMORY_INDEX_MB',
  'HOLDFAST_MEMORY_SWEEP_S',
  'QDRANT_URL',
  'QDRANT_API_KEY',
  'DOCKER_HOST',
  'HOLDFAST_SANDBOXES',
  'HOLDFAST_SANDBOX_FOLDER',
  'HOLDFAST_SANDBOX_TRANSPORT',
  'HOLDFAST_SANDBOX_WARM',
  'HOLDFAST_SANDBOX_PREWARM',
  'HOLDFAST_SANDBOX_IMAGES_MB',
  'HOLDFAST_SANDBOX_MAX',
  'HOLDFAST_SANDBOX_MAX_MEMORY_MB',
  'HOLDFAST_SANDBOX_MAX_CPUS',
  'HOLDFAST_SANDBOX_MAX_PIDS',
  'HOLDFAST_SANDBOX_PRIVATE_HOSTS',
  'HOLDFAST_SANDBOX_SECRETS',
  'NEO4J_URL',
  'NEO4J_USER',
  'NEO4J_PASSWORD',
  'XDG_CACHE_HOME',
  'HOME',
  'PATH',
  'NODE_ENV',
  'FAILPOINT',
] as const;

/** Name of a variable that Holdfast reads. */
export type EnvName = (typeof ENV_NAMES)[number];

/** The environment as text; the only view of `process.env` in the product. */
export type Env = Readonly<Partial<Record<EnvName, string>>>;

/** Reads the process's environment once. */
export function readEnv(): Env {
  const entries = ENV_NAMES.flatMap((name) => {
    const value = process.env[name]?.trim();
    return value === undefined || value === '' ? [] : [[name, value] as const];
  });
  return Object.fromEntries(entries);
}
