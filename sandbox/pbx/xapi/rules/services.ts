import { rejected } from '../../odata/errors';
import type { Row } from '../../odata/model';
import type { Context, Invocation, Rules } from '../context';

/** A few of the services of a real PBX; the names are invented. */
const NAMES: ReadonlyArray<[string, string]> = [
	['MediaServer', 'Media Server'],
	['QueueManager', 'Queue Manager'],
	['SipServer', 'SIP Server'],
	['ManagementConsole', 'Management Console'],
];

const rows = ({ store, now }: Context): Row[] =>
	NAMES.map(([Name, DisplayName]) => ({
		Name,
		DisplayName,
		Status: store.singleton('services')[Name] ?? 'Running',
		RestartEnabled: true,
		StartStopEnabled: Name !== 'ManagementConsole',
		SampleTime: now().toISOString(),
		MemoryUsed: 67_108_864,
		ThreadCount: 12,
		HandleCount: 100,
		TotalProcessorTime: 0,
	}));

/** Brings services into a state. */
const become =
	(status: string) =>
	({ context, args }: Invocation): void => {
		const names = (args.options as { ServiceNames: string[] }).ServiceNames;
		const isKnown = (name: string) => NAMES.some(([known]) => known === name);
		if (!names.every(isKnown)) throw rejected({ ServiceNames: 'WARNINGS.XAPI.NOT_FOUND' });
		for (const name of names) context.store.singleton('services')[name] = status;
	};

export const services: Rules = {
	rows,
	operations: {
		'Pbx.Restart': become('Running'),
		'Pbx.Start': become('Running'),
		'Pbx.Stop': become('Stopped'),
	},
};
