/**
 * `tsx sandbox/pbx/main.ts --port 5000`: a simulated PBX to try things on, until Ctrl+C. With `--workers 4` it works on
 * four requests at a time, each for `--service-ms` (25), and gets slower as they queue. `--quirks '{"gzip":true}'` switches
 * on what other PBXs do otherwise, see quirks.ts. `--licence professional`, `--role users` and `--version 20.0.3.6` change
 * what it is, `--fault "503 GET /xapi/v1/Users"` (as often as wanted) what goes wrong.
 */
import { parseArgs } from 'node:util';
import { startPbx } from '.';
import { faultFrom } from './faults';
import type { Quirks } from './quirks';
import { client, isProfile, PROFILES, type Profile } from './profiles';
import { LICENCES, ROLES } from './types';

async function main(): Promise<void> {
	const { values } = parseArgs({
		options: {
			port: { type: 'string', default: '5000' },
			host: { type: 'string', default: '127.0.0.1' },
			tls: { type: 'boolean', default: false },
			seed: { type: 'string', default: 'company' },
			workers: { type: 'string' },
			'service-ms': { type: 'string', default: '25' },
			profile: { type: 'string', default: 'current' },
			quirks: { type: 'string' },
			licence: { type: 'string' },
			role: { type: 'string' },
			version: { type: 'string' },
			fault: { type: 'string', multiple: true, default: [] },
		},
	});
	if (!isProfile(values.profile)) {
		throw new Error(`There is no profile "${values.profile}": ${Object.keys(PROFILES).join(', ')}`);
	}
	const profile: Profile = PROFILES[values.profile];
	const options = profile.options();
	const quirks = JSON.parse(values.quirks ?? '{}') as Quirks;
	const faults = values.fault.map(faultFrom);
	const licence = oneOf('licence', values.licence, LICENCES);
	const role = oneOf('role', values.role, ROLES);
	const pbx = await startPbx({
		port: Number(values.port),
		host: values.host,
		tls: values.tls,
		seed: values.seed === 'empty' ? 'empty' : 'company',
		load:
			values.workers === undefined
				? undefined
				: { workers: Number(values.workers), serviceMs: Number(values['service-ms']) },
		...options,
		quirks: { ...options.quirks, ...quirks },
		...(values.version !== undefined && { version: values.version }),
		...(licence && { licence }),
		...(role && { clients: [client({ role })] }),
	});
	profile.prepare?.(pbx);
	for (const fault of faults) pbx.faults.next(fault);
	const { clientId, clientSecret } = pbx.defaultClient;
	// The one place where the secret is shown: it is new at every start and opens nothing but this sandbox.
	process.stdout.write(
		`Simulated 3CX PBX: ${pbx.url}\nClient ID: ${clientId}\nClient secret: ${clientSecret}\n`,
	);
	const stop = () => {
		pbx.close().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
	};
	process.once('SIGINT', stop);
	process.once('SIGTERM', stop);
}

/** @throws Error that lists what there is, when the value is none of it */
function oneOf<T extends string>(
	flag: string,
	value: string | undefined,
	values: readonly T[],
): T | undefined {
	const found = values.find((each) => each === value);
	if (value === undefined || found !== undefined) return found;
	throw new Error(`--${flag} ${value} is not known: ${values.join(', ')}`);
}

main().catch((error: unknown) => {
	process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
	process.exitCode = 1;
});
