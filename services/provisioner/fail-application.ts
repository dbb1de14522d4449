export { cancellation, failApplication } from '../shared/fail-application.ts';
