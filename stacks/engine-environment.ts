export interface EngineSettings {
  /** Where stacks' states are kept, such as postgres://… */
  backendUrl: string;
  /** Encrypts the secrets in the state. */
  passphrase: string;
  /** Folder with the installed plugins. */
  pulumiHome: string;
}

/** The CLI's environment for operations on tenants' stacks, on top of the process's own. */
export function engineEnvironment({ backendUrl, passphrase, pulumiHome }: EngineSettings): Record<string, string> {
  return {
    PULUMI_HOME: pulumiHome,
    PULUMI_BACKEND_URL: backendUrl,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_SKIP_UPDATE_CHECK: 'true',
    // The plugins are installed beforehand; a download inside an operation would be slow and may be impossible.
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true',
    // Changed in place: else a changed Secret or ConfigMap is deleted and made anew, and with it the Deployment that names it.
    PULUMI_K8S_ENABLE_SECRET_MUTABLE: 'true',
    PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE: 'true',
    // Each of its two checkpoint writes a step would be copied once more; the database has its own backup.
    PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS: 'true',
  };
}
