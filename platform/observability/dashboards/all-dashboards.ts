import { applicationDashboard } from './application-dashboard.ts';
import type { DashboardOptions } from './build-dashboard.ts';
import { platformDashboard } from './platform-dashboard.ts';
import { provisioningDashboard } from './provisioning-dashboard.ts';
import { proxyDashboard } from './proxy-dashboard.ts';

export const allDashboards: readonly DashboardOptions[] = [platformDashboard, provisioningDashboard, proxyDashboard, applicationDashboard];
