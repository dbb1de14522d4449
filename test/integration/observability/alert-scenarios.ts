/** What Prometheus sees, one value a minute, and whether the alert fires at that minute. promtool's notation: `1+2x3` is 1 3 5 7, `_x5` five gaps. */
export interface AlertScenario {
  series: Readonly<Record<string, string>>;
  /** Minutes at which it fires, with these labels beside its severity; none where it must not. */
  fires?: { at: number; labels?: Readonly<Record<string, string>> };
  /** A minute at which it does not. */
  quiet: number;
}

const proxyCount = (status: string, more = ''): string => `authsome_proxy_request_duration_seconds_count{status="${status}"${more}}`;
const proxyBucket = (le: string): string => `authsome_proxy_request_duration_seconds_bucket{status="200",le="${le}"}`;
const operation = (outcome: string): string => `authsome_operations_total{kind="provision",outcome="${outcome}"}`;
const up = (service: string, pod = `${service}-1`): string => `up{job="services",service="${service}",pod="${pod}"}`;
const allUp = { [up('control-api')]: '1x30', [up('proxy')]: '1x30', [up('provisioner')]: '1x30' };
const expected = 'authsome_application_expected{app_id="app_abc123"}';
const instance = 'up{job="instances",app_id="app_abc123",pod="instance-1"}';
const expiry = 'authsome_certificate_expiry_timestamp_seconds{host="api.authsome.cloud"}';
const day = 86_400;

/** For each alert one history in which it fires, and one, or more, in which it must not. */
export const alertScenarios: Readonly<Record<string, readonly AlertScenario[]>> = {
  ServiceDown: [
    { series: { ...allUp, [up('proxy')]: '1x4 0x26' }, fires: { at: 8, labels: { service: 'proxy' } }, quiet: 4 },
    // Its pods are gone altogether.
    {
      series: { [up('control-api')]: '1x30', [up('provisioner')]: '1x30', [up('proxy')]: '1x4 stale' },
      fires: { at: 8, labels: { service: 'proxy' } },
      quiet: 4,
    },
    // One of two is enough.
    { series: { ...allUp, [up('proxy', 'proxy-2')]: '0x30' }, quiet: 20 },
  ],
  ServicePodDown: [
    { series: { [up('proxy')]: '1x4 0x26' }, fires: { at: 11, labels: { service: 'proxy', pod: 'proxy-1', job: 'services' } }, quiet: 8 },
  ],
  PodsRestart: [
    {
      series: { 'process_start_time_seconds{job="services",service="proxy",pod="proxy-1"}': '100x4 200x4 300x4 400x4 500x4' },
      fires: { at: 23, labels: { service: 'proxy' } },
      quiet: 10,
    },
  ],
  DependencyDown: [
    {
      series: { 'authsome_dependency_up{job="services",service="proxy",dependency="redis",pod="proxy-1"}': '1x4 0x26' },
      fires: { at: 8, labels: { service: 'proxy', dependency: 'redis' } },
      quiet: 4,
    },
  ],
  NobodyLeads: [
    {
      series: { 'authsome_leader{leads="provisioner",pod="a"}': '1x4 0x26', 'authsome_leader{leads="provisioner",pod="b"}': '0x30' },
      fires: { at: 11, labels: { leads: 'provisioner' } },
      quiet: 4,
    },
  ],
  ProxyErrorBudgetBurnsFast: [
    { series: { [proxyCount('200')]: '0+97x120', [proxyCount('502')]: '0+3x120' }, fires: { at: 70 }, quiet: 1 },
    { series: { [proxyCount('200')]: '0+999x120', [proxyCount('502')]: '0+1x120' }, quiet: 100 },
    // Nobody calls a suspended application's answers errors.
    { series: { [proxyCount('200')]: '0+90x120', [proxyCount('503', ',reason="suspended"')]: '0+10x120' }, quiet: 100 },
    // It ended: the short window says so at once.
    { series: { [proxyCount('200')]: '0+100x120', [proxyCount('502')]: '0+20x60 1200x60' }, quiet: 75 },
  ],
  ProxyErrorBudgetBurnsSlow: [
    { series: { [proxyCount('200')]: '0+99x500', [proxyCount('502')]: '0+1x500' }, fires: { at: 400 }, quiet: 5 },
    { series: { [proxyCount('200')]: '0+999x500', [proxyCount('502')]: '0+1x500' }, quiet: 450 },
  ],
  ProxyLatencyBudgetBurnsFast: [
    {
      series: { [proxyBucket('1')]: '0+80x120', [proxyBucket('+Inf')]: '0+100x120', [proxyCount('200')]: '0+100x120' },
      fires: { at: 70 },
      quiet: 1,
    },
    { series: { [proxyBucket('1')]: '0+95x120', [proxyBucket('+Inf')]: '0+100x120', [proxyCount('200')]: '0+100x120' }, quiet: 100 },
  ],
  ProxyLatencyBudgetBurnsSlow: [
    {
      series: { [proxyBucket('1')]: '0+90x500', [proxyBucket('+Inf')]: '0+100x500', [proxyCount('200')]: '0+100x500' },
      fires: { at: 400 },
      quiet: 5,
    },
    { series: { [proxyBucket('1')]: '0+99x500', [proxyBucket('+Inf')]: '0+100x500', [proxyCount('200')]: '0+100x500' }, quiet: 450 },
  ],
  TimeToReadyTooLong: [
    {
      series: { 'authsome_time_to_ready_seconds_bucket{le="60"}': '0+1x120', authsome_time_to_ready_seconds_count: '0+2x120' },
      fires: { at: 60 },
      quiet: 1,
    },
    // One of two in an hour.
    {
      series: { 'authsome_time_to_ready_seconds_bucket{le="60"}': '0x9 1x110', authsome_time_to_ready_seconds_count: '0x9 2x110' },
      quiet: 40,
    },
  ],
  JobsWaitTooLong: [{ series: { authsome_oldest_job_seconds: '0+60x40' }, fires: { at: 20 }, quiet: 15 }],
  JobsPileUp: [{ series: { authsome_jobs_waiting: '0x4 30x30' }, fires: { at: 20 }, quiet: 10 }],
  OperationsFail: [
    {
      series: { [operation('dead')]: '0x9 1x30', [operation('succeeded')]: '0+1x40' },
      fires: { at: 12, labels: { kind: 'provision' } },
      quiet: 8,
    },
    { series: { [operation('dead')]: '3x40' }, quiet: 30 },
  ],
  ApplicationsFailed: [
    {
      series: { 'authsome_applications{status="failed"}': '0x4 2x60', 'authsome_applications{status="active"}': '9x64' },
      fires: { at: 40 },
      quiet: 30,
    },
  ],
  OperationOverdue: [
    { series: { 'authsome_operations_overdue{phase="stack_up"}': '0x4 1x30' }, fires: { at: 8, labels: { phase: 'stack_up' } }, quiet: 5 },
  ],
  ReconcilerFails: [
    {
      series: { 'authsome_reconciler_failures_total{pod="provisioner-1"}': '0+1x40' },
      fires: { at: 20, labels: { pod: 'provisioner-1' } },
      quiet: 5,
    },
  ],
  InstanceDown: [
    { series: { [expected]: '1x30', [instance]: '1x4 0x26' }, fires: { at: 8, labels: { app_id: 'app_abc123' } }, quiet: 5 },
    // Its Deployment has no pod any more.
    { series: { [expected]: '1x30', [instance]: '1x4 stale' }, fires: { at: 8, labels: { app_id: 'app_abc123' } }, quiet: 5 },
    // Suspended: nothing is expected of it.
    { series: { [expected]: '1x4 stale', [instance]: '1x4 stale' }, quiet: 20 },
    // A pod that starts beside one that serves.
    { series: { [expected]: '1x30', [instance]: '1x30', 'up{job="instances",app_id="app_abc123",pod="instance-2"}': '0x30' }, quiet: 20 },
  ],
  InstanceErrors: [
    {
      series: {
        'authsome_instance_request_duration_seconds_count{app_id="app_abc123",status="200"}': '0+80x60',
        'authsome_instance_request_duration_seconds_count{app_id="app_abc123",status="500"}': '0+20x60',
      },
      fires: { at: 30, labels: { app_id: 'app_abc123' } },
      quiet: 5,
    },
  ],
  InstanceMailFails: [
    {
      series: { 'authsome_instance_mails_total{app_id="app_abc123",outcome="failed"}': '0+1x60' },
      fires: { at: 30, labels: { app_id: 'app_abc123' } },
      quiet: 3,
    },
  ],
  PasswordGuessing: [
    {
      series: {
        'authsome_guesses_total{job="instances",app_id="app_abc123",kind="password",end="wrong",pod="instance-1"}': '0+5x60',
        'authsome_guesses_total{job="instances",app_id="app_abc123",kind="password",end="refused",pod="instance-2"}': '0+30x60',
      },
      fires: { at: 30, labels: { app_id: 'app_abc123' } },
      quiet: 5,
    },
    {
      series: { 'authsome_guesses_total{job="services",service="control-api",kind="password",end="refused"}': '0+40x60' },
      fires: { at: 30, labels: { service: 'control-api' } },
      quiet: 5,
    },
    // Many sign-ins, and the mistakes of a large application.
    {
      series: {
        'authsome_guesses_total{job="instances",app_id="app_abc123",kind="password",end="right"}': '0+900x60',
        'authsome_guesses_total{job="instances",app_id="app_abc123",kind="password",end="wrong"}': '0+10x60',
      },
      quiet: 40,
    },
  ],
  OrphansFound: [
    { series: { 'authsome_sweep_orphans{kind="stack"}': '1x200' }, fires: { at: 130, labels: { kind: 'stack' } }, quiet: 100 },
  ],
  ThingsMissing: [
    { series: { 'authsome_sweep_missing{kind="database"}': '1x60' }, fires: { at: 20, labels: { kind: 'database' } }, quiet: 5 },
    { series: { 'authsome_sweep_missing{kind="route"}': '1x60' }, quiet: 30 },
  ],
  SweepTooOld: [
    { series: { authsome_sweep_last_success_timestamp_seconds: '60x400' }, fires: { at: 250 }, quiet: 170 },
    // This one leads no longer.
    { series: { authsome_sweep_last_success_timestamp_seconds: '0x400' }, quiet: 300 },
  ],
  RolesTooMighty: [
    { series: { authsome_mighty_roles: '0x9 1x30' }, fires: { at: 12 }, quiet: 8 },
    { series: { authsome_mighty_roles: '0x40' }, quiet: 30 },
  ],
  DriftFound: [{ series: { authsome_applications_drifted: '0x4 1x60' }, fires: { at: 40 }, quiet: 20 }],
  BackupTooOld: [{ series: { authsome_backup_last_success_timestamp_seconds: `60x${28 * 60}` }, fires: { at: 27 * 60 }, quiet: 25 * 60 }],
  BackupIncomplete: [{ series: { authsome_backup_failed_databases: '0x4 1x60' }, fires: { at: 40 }, quiet: 15 }],
  CertificateExpires: [
    { series: { [expiry]: `${10 * day}x100` }, fires: { at: 70, labels: { host: 'api.authsome.cloud' } }, quiet: 30 },
    { series: { [expiry]: `${30 * day}x100` }, quiet: 90 },
  ],
  CertificateExpiresSoon: [
    { series: { [expiry]: `${2 * day}x30` }, fires: { at: 10, labels: { host: 'api.authsome.cloud' } }, quiet: 3 },
    { series: { [expiry]: `${10 * day}x30` }, quiet: 20 },
  ],
  AlertsNotDelivered: [
    {
      series: { 'alertmanager_notifications_failed_total{integration="slack"}': '0+1x60' },
      fires: { at: 25, labels: { integration: 'slack' } },
      quiet: 5,
    },
  ],
  AlertmanagerUnreachable: [
    {
      series: { prometheus_notifications_errors_total: '0+1x60', prometheus_notifications_alertmanagers_discovered: '1x60' },
      fires: { at: 25 },
      quiet: 5,
    },
    { series: { prometheus_notifications_errors_total: '4x60', prometheus_notifications_alertmanagers_discovered: '1x60' }, quiet: 30 },
  ],
  RulesFail: [
    {
      series: { 'prometheus_rule_evaluation_failures_total{rule_group="rules.yaml;proxy"}': '0+1x60' },
      fires: { at: 25, labels: { rule_group: 'rules.yaml;proxy' } },
      quiet: 3,
    },
  ],
};
