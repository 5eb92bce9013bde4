import { createPbxClient } from '../../lib/http/client';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { listEntities } from '../../lib/xapi/entities';
import { fixedToken } from '../support/fixedToken';
import { json, startServer, type TestServer } from '../support/httpServer';

/** Next links, which 3CX is not known to send (protocol 4.1): followed at home, and never with the token to somebody else. */

let pbx: TestServer;
let other: TestServer;
let link: string | undefined;

beforeEach(async () => {
	other = await startServer((_, response) => json(response, 200, { value: [{ Id: 666 }] }));
	pbx = await startServer(({ url }, response) =>
		url.includes('page=2')
			? json(response, 200, { value: [{ Id: 2 }] })
			: json(response, 200, { value: [{ Id: 1 }], '@odata.nextLink': link }),
	);
});

afterEach(async () => {
	await closeDispatchers();
	await Promise.all([pbx.close(), other.close()]);
});

const list = async () =>
	await listEntities(
		createPbxClient({
			connection: { origin: pbx.origin, ignoreSslIssues: false },
			tokens: fixedToken('token'),
		}),
		'/Users',
	);

test.each([
	['relative', () => 'Users?page=2'],
	['absolute', () => `${pbx.origin}/xapi/v1/Users?page=2`],
])('a %s link to the PBX itself is followed', async (_, next) => {
	link = next();
	expect(await list()).toEqual([{ Id: 1 }, { Id: 2 }]);
	expect(pbx.received[1]?.url).toBe('/xapi/v1/Users?page=2');
});

test('a link to another host is refused, and that host is sent nothing', async () => {
	link = `${other.origin}/xapi/v1/Users?page=2`;
	await expect(list()).rejects.toMatchObject({ kind: 'redirect' });
	expect(other.received).toEqual([]);
	// Nor is the page asked for at home under the other one's path.
	expect(pbx.received).toHaveLength(1);
});
