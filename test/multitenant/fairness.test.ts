import type { IDataObject } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { runNode } from '../support/n8n';
import { tenantCredentials, tenantRow } from '../support/tenants';

/** Tenants side by side in one run: how many requests each PBX gets at a time, and who waits for whom. */

const pbxs: Pbx[] = [];

afterEach(async () => {
	await closeDispatchers();
	await Promise.all(pbxs.splice(0).map(async (pbx) => await pbx.close()));
});

const newPbxs = async (count: number) => {
	const started = await Promise.all(
		Array.from({ length: count }, async () => await startPbx({ seed: 'empty' })),
	);
	pbxs.push(...started);
	return started;
};

/** Reads a department of the PBX in each item. */
const readAll = async (items: IDataObject[], requestOptions: IDataObject) => {
	const { items: output } = await runNode({
		parameters: { resource: 'department', operation: 'getAll', requestOptions } as never,
		credentials: tenantCredentials(),
		items,
		onError: 'continueRegularOutput',
	});
	return output;
};

/** When each request of the Configuration API came, in ms since the epoch. */
const asked = ({ requests }: Pbx) =>
	requests.filter(({ path }) => path.startsWith('/xapi')).map(({ at }) => at.getTime());

test('PBXs that never answer hold up nobody, though their items come first and fill every place', async () => {
	const [deaf, alsoDeaf, ...good] = await newPbxs(5);
	const isDeaf = [deaf!, alsoDeaf!];
	for (const pbx of isDeaf) pbx.faults.next({ path: /xapi/, hang: true, times: Infinity });
	const items = [
		...isDeaf.flatMap((pbx) => Array.from({ length: 3 }, () => tenantRow(pbx))),
		...good.flatMap((pbx) => Array.from({ length: 12 }, () => tenantRow(pbx))),
	];
	const output = await readAll(items, { inFlight: 4, inFlightToAll: 4, timeout: 2 });
	// Six items of the deaf ones, four at a time: the fifth of them is asked for when the first one gives up.
	const secondWave = isDeaf.flatMap(asked).sort((a, b) => a - b)[4]!;
	for (const pbx of good) {
		expect(asked(pbx)).toHaveLength(12);
		expect(Math.max(...asked(pbx))).toBeLessThan(secondWave);
	}
	expect(output.flatMap(({ json }, index) => (json.error === undefined ? [] : [index]))).toEqual([
		...[0, 1, 2, 3, 4, 5],
	]);
});
