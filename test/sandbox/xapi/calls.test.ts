import { once } from 'node:events';

import { startPbx } from '../../../sandbox/pbx';
import { session, withPbx, type Json } from './support';

const sandbox = withPbx();

const NO_FILTER = {
	periodFrom: '2000-01-01T00:00:00Z',
	periodTo: '2100-01-01T00:00:00.000Z',
	sourceType: '0',
	sourceFilter: "''",
	destinationType: '0',
	destinationFilter: "''",
	callsType: '0',
	callTimeFilterType: '0',
	callTimeFilterFrom: "'0:00:0'",
	callTimeFilterTo: "'0:00:0'",
	hidePcalls: 'true',
};
const report = (given: Record<string, string | undefined> = {}) =>
	`ReportCallLogData/Pbx.GetCallLogData(${Object.entries({ ...NO_FILTER, ...given })
		.filter(([, value]) => value !== undefined)
		.map(([name, value]) => `${name}=${value}`)
		.join(',')})`;

describe('GetCallLogData', () => {
	it('gives the last fortnight, with any $top', async () => {
		const rows = await sandbox.at.rows(`${report()}?$top=1000`);
		expect(rows).toHaveLength(400);
		const starts = rows.map(({ StartTime }) => Date.parse(String(StartTime)));
		expect(Math.min(...starts)).toBeGreaterThanOrEqual(Date.now() - 15 * 86_400_000);
		expect(Math.max(...starts)).toBeLessThan(Date.now());
		expect(new Set(rows.map(({ CdrId }) => CdrId)).size).toBe(400);
	});

	it('takes query options and follows them', async () => {
		const { body } = await sandbox.at.get(
			`${report()}?$filter=Answered eq true and Direction eq 'Outbound'&$orderby=StartTime desc&$top=3&$count=true&$select=StartTime,Direction`,
		);
		const starts = (body.value ?? []).map(({ StartTime }) => String(StartTime));
		expect(starts).toEqual(starts.toSorted().reverse());
		expect(body.value).toHaveLength(3);
		expect(Number(body['@odata.count'])).toBeGreaterThan(3);
	});

	it('keeps to the period, whose end is exclusive, and to the numbers', async () => {
		const rows = await sandbox.at.rows(report());
		const [from, to] = [rows[100]?.StartTime, rows[200]?.StartTime].map(String);
		const within = await sandbox.at.rows(report({ periodFrom: from, periodTo: to }));
		expect(within.map(({ SegmentId }) => SegmentId)).toEqual(
			rows.slice(100, 200).map(({ SegmentId }) => SegmentId),
		);
		const some = await sandbox.at.rows(report({ destinationFilter: "'800,801'" }));
		expect(new Set(some.map(({ DestinationDn }) => DestinationDn))).toEqual(
			new Set(['800', '801']),
		);
	});

	it.each([
		['a missing parameter', report({ hidePcalls: undefined }), 404],
		['an extra parameter', report({ foo: '1' }), 404],
		['a misspelt parameter', report({ hidePcalls: undefined, hidepcalls: 'true' }), 404],
		['text without quotes', report({ sourceFilter: '100' }), 404],
		['a number in quotes', report({ sourceType: "'0'" }), 404],
		['a quoted date', report({ periodFrom: "'2026-01-01T00:00:00Z'" }), 404],
		['a bad date', report({ periodFrom: '2026-13-45T00:00:00Z' }), 500],
		['a day for an instant', report({ periodFrom: '2026-01-01' }), 500],
		['no parameters', 'ReportCallLogData', 404],
	])('refuses %s', async (_what, path, status) => {
		const reply = await sandbox.at.get(path);
		expect([reply.status, reply.text]).toEqual([status, '']);
	});

	it('has a legacy view of the same calls', async () => {
		const day = new Date(Date.now() - 7 * 86_400_000).toISOString().slice(0, 10);
		const rows = await sandbox.at.rows(
			`CallHistoryView?$filter=date(SegmentStartTime) eq ${day}&$select=SegmentStartTime`,
		);
		expect(rows.length).toBeGreaterThan(0);
		for (const { SegmentStartTime } of rows) expect(SegmentStartTime).toMatch(day);
	});

	it('fails on timestamp filters of the legacy view when told so', async () => {
		const pbx = await startPbx({ callHistoryTimestampFails: true });
		const at = await session(pbx);
		const reply = await at.get('CallHistoryView?$filter=SegmentStartTime ge 2026-01-01T00:00:00Z');
		expect([reply.status, reply.text]).toEqual([500, '']);
		expect(
			(await at.get('CallHistoryView?$filter=date(SegmentStartTime) ge 2026-01-01')).status,
		).toBe(200);
		await pbx.close();
	});
});

describe('recordings', () => {
	it('are there to filter and to download', async () => {
		const rows = await sandbox.at.rows(
			"Recordings?$filter=CallType eq 'InboundExternal' or CallType eq 'OutboundExternal'",
		);
		expect(rows).toHaveLength(12);
		const response = await fetch(
			`${sandbox.pbx.url}/xapi/v1/Recordings/Pbx.DownloadRecording(recId=${String(rows[0]?.Id)})`,
			{
				headers: { Authorization: `Bearer ${sandbox.at.token}` },
			},
		);
		expect(response.headers.get('content-type')).toBe('audio/x-wav');
		expect(response.headers.get('content-disposition')).toMatch(/^attachment/);
		expect(
			Buffer.from(await response.arrayBuffer())
				.subarray(0, 4)
				.toString(),
		).toBe('RIFF');
		const linked = await sandbox.at.rows(`${report()}?$filter=DstRecId eq ${String(rows[0]?.Id)}`);
		expect(linked.length).toBeGreaterThan(0);
	});

	it('that do not exist are a FILE_NOT_FOUND', async () => {
		const { status, body } = await sandbox.at.get('Recordings/Pbx.DownloadRecording(recId=999999)');
		expect(status).toBe(400);
		expect(body.error?.message).toContain('WARNINGS.XAPI.FILE_NOT_FOUND');
	});
});

describe('live calls', () => {
	const activeCalls = () => sandbox.at.rows('ActiveCalls');

	it('show as ActiveCalls, are dropped, and land in the call log', async () => {
		const { calls } = sandbox.pbx;
		const probe = async () =>
			String((await sandbox.at.rows('LastCdrAndChatMessageTimestamp'))[0]?.LastCdrStartedAt);
		const before = await probe();
		const callid = calls.incoming({ from: '+442079460101', did: '+442079460805' });
		calls.answer({ callid });
		const [call] = await activeCalls();
		expect(call).toMatchObject({
			Id: callid,
			Status: 'Talking',
			Caller: expect.stringMatching(/^\+442079460101/) as string,
		});
		const finished = once(calls, 'finished');
		expect((await sandbox.at.send('POST', `ActiveCalls(${callid})/Pbx.DropCall`)).status).toBe(200);
		await finished;
		expect(await activeCalls()).toEqual([]);
		const rows = await sandbox.at.rows(`${report()}?$filter=CallId eq ${callid}`);
		expect(rows).toEqual([
			expect.objectContaining<Json>({
				SourceDn: '10000',
				DestinationDn: '100',
				Direction: 'Inbound',
				Status: 'Answered',
			}),
		]);
		expect((await probe()) > before).toBe(true);
	});

	it('reach a user that was only just made', async () => {
		const user = await sandbox.at.create('Users', { Number: '150', FirstName: 'New' });
		const callid = sandbox.pbx.calls.incoming({ from: '+442079460102', to: '150' });
		expect(sandbox.pbx.calls.participants('150')).toHaveLength(1);
		sandbox.pbx.calls.hangUp({ callid });
		expect(user.IsRegistered).toBe(true);
	});

	it('do not ring agents who are logged out', async () => {
		const [agent] = await sandbox.at.rows("Users?$filter=Number eq '121'");
		await sandbox.at.send('PATCH', `Users(${String(agent?.Id)})`, { QueueStatus: 'LoggedOut' });
		const callid = sandbox.pbx.calls.incoming({ from: '+442079460103', did: '+442079460803' });
		expect(sandbox.pbx.calls.participants('121')).toEqual([]);
		expect(sandbox.pbx.calls.participants('122')).toHaveLength(1);
		sandbox.pbx.calls.hangUp({ callid });
	});
});
