import { existingN8n } from '../../sandbox/playground/existing';

/** What tests in a real n8n have in common: an n8n with our package. */

export { openN8n, type TestedN8n } from '../support/openN8n';
export { chain, CREDENTIAL_TYPE, telling, type ChainedNode } from '../support/workflows';

/** A test that restarts n8n or reads its log: left out where n8n (the one that the environment names) belongs to somebody. */
export const testOfOwnN8n = existingN8n() ? test.skip : test;
