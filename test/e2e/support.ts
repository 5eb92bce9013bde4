import { existingN8n } from '../../sandbox/playground/existing';
import { json, startServer, type TestServer } from '../support/httpServer';

/** What tests in a real n8n have in common: an n8n with our package. */

export { openN8n, type TestedN8n } from '../support/openN8n';
export { chain, CREDENTIAL_TYPE, telling, type ChainedNode } from '../support/workflows';

/** A test that restarts n8n or reads its log: left out where n8n (the one that the environment names) belongs to somebody. */
export const testOfOwnN8n = existingN8n() ? test.skip : test;

/**
 * A server of the test that the executions of a {@link telling} workflow send to.
 *
 * @param take gets what an execution has sent, and the path to which
 */
export const startReceiver = async <Told>(
	take: (told: Told, path: string) => void,
): Promise<TestServer> =>
	await startServer(({ url, body }, response) => {
		take(JSON.parse(body) as Told, url);
		json(response, 200, {});
	});
