import { operationsOf } from '../../nodes/ThreeCx/operations';
import { RESOURCES, resourceNamed } from '../../nodes/ThreeCx/resources';
import { startPbx } from '../../sandbox/pbx';
import { nodesOf, WORKFLOWS } from './resourceLives';
import { chain, CREDENTIAL_TYPE, openN8n, type TestedN8n } from './support';

/**
 * Each resource of the 3CX node in a real n8n: n8n saves the parameters, resolves the expressions between the nodes and
 * stores the files.
 */

let n8n: TestedN8n;

beforeAll(async () => {
	n8n = await openN8n();
}, 330_000);

afterAll(async () => await n8n.close(), 60_000);

test('every resource has its workflow', () => {
	expect(Object.keys(WORKFLOWS).sort()).toEqual(RESOURCES.map(({ name }) => name).sort());
});

test.each(Object.keys(WORKFLOWS))('%s, with all its operations', async (resource) => {
	const pbx = await startPbx();
	try {
		const { clientId, clientSecret } = pbx.defaultClient;
		const credential = await n8n.api.saveCredential(resource, CREDENTIAL_TYPE, {
			pbxUrl: pbx.url,
			clientId,
			clientSecret,
		});
		const steps = WORKFLOWS[resource]!(pbx);
		const operations = steps.map(({ node }) => node.parameters.operation);
		for (const { name } of operationsOf(resourceNamed(resource)))
			expect(operations).toContain(name);
		const { id } = await n8n.api.saveWorkflow(
			chain(`Life of ${resource}`, credential, nodesOf(resource, steps)),
		);
		const { status, error, items } = await n8n.api.run(id, 'Go');
		expect({ status, error }).toEqual({ status: 'success', error: undefined });
		expect(
			Object.fromEntries(steps.map(({ node: { name } }) => [name, items(name)])),
		).toMatchObject(Object.fromEntries(steps.map(({ node: { name }, gives }) => [name, gives])));
	} finally {
		await pbx.close();
	}
});
