import type { Row } from '../../odata/model';
import type { Context, Rules, Violations } from '../context';
import { bulkDelete } from './bulk';
import { peer } from './dn';

const DESTINATIONS = [
	'OfficeHoursDestination',
	'OutOfOfficeHoursDestination',
	'HolidaysDestination',
] as const;

/** A destination at a DN must be one that exists. */
function destinationViolations({ store }: Context, body: Row): Violations {
	const missing = DESTINATIONS.filter((field) => {
		const { Number: number } = (body[field] ?? {}) as Row;
		return typeof number === 'string' && number !== '' && !store.dn(number);
	});
	return Object.fromEntries(missing.map((field) => [`${field}.Number`, 'WARNINGS.XAPI.NOT_FOUND']));
}

/** A bad trunk reference is `NOT_FOUND` (protocol 4.4). */
function trunkViolations({ store }: Context, { TrunkDN }: Row): Violations {
	const number = (TrunkDN as Row | undefined)?.Number;
	return TrunkDN && !store.find('Trunks', 'Number', number)
		? { 'TrunkDN.Number': 'WARNINGS.XAPI.NOT_FOUND' }
		: {};
}

/** A rule is for some number: one without a DID or caller ID would take every call, or none. */
const requiredViolations = ({ Data }: Row, existing?: Row): Violations =>
	existing || (typeof Data === 'string' && Data.trim() !== '')
		? {}
		: { Data: 'WARNINGS.XAPI.REQUIRED' };

export const inboundRules: Rules = {
	defaults: () => ({ Condition: 'BasedOnDID', CallType: 'AllCalls', Data: '', RuleName: '' }),
	prepare({ store }, body) {
		const trunk = store.dn(String((body.TrunkDN as Row | undefined)?.Number));
		return trunk?.set === 'Trunks' ? { ...body, TrunkDN: peer(trunk) } : body;
	},
	check: (context, body, existing) => ({
		...requiredViolations(body, existing),
		...destinationViolations(context, body),
		...trunkViolations(context, body),
	}),
	operations: { 'Pbx.BulkInboundRulesDelete': bulkDelete('InboundRules') },
};
