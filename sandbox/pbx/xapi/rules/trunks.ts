import type { Row } from '../../odata/model';
import type { Context, Rules } from '../context';
import { dnRules } from './anyDn';
import { firstFreeNumber } from './dn';

const newTrunk = (context: Context): Row => ({
	Direction: 'Both',
	EnableInboundCalls: true,
	EnableOutboundCalls: true,
	SimultaneousCalls: 10,
	IsOnline: true,
	DidNumbers: [],
	PublicInfoGroups: [],
	RoutingRules: [],
	ReceiveExtensions: [],
	EmergencyGeoLocations: [],
	InCIDFormatting: [],
	OutCIDFormatting: [],
	TrunkRegTimes: [],
	Tags: [],
	AuthID: context.secret(8),
	AuthPassword: { Value: context.secret(12), Concealed: false },
});

export const trunks: Rules = dnRules('Trunks', {
	defaults: newTrunk,
	operations: {
		'Pbx.GetFirstAvailableTrunkNumber': ({ context }) => ({
			Number: firstFreeNumber(context, 'Trunks'),
		}),
		'Pbx.InitTrunk': ({ context }) => ({
			...newTrunk(context),
			Id: 0,
			Number: firstFreeNumber(context, 'Trunks'),
			Gateway: { Name: 'New trunk', Host: '', Type: 'Provider' },
		}),
	},
});

/** DIDs are the numbers of the trunks, each with its inbound rule. */
export const didNumbers: Rules = {
	rows: ({ store }) =>
		store.rows('Trunks').flatMap((trunk) =>
			((trunk.DidNumbers ?? []) as string[]).map((number) => ({
				Number: number,
				TrunkId: trunk.Id,
				TemplateFileName: '',
				RoutingRule: store.find('InboundRules', 'Data', number),
			})),
		),
};

export const inboundRules: Rules = {
	defaults: () => ({ Condition: 'BasedOnDID', CallType: 'AllCalls', Data: '', RuleName: '' }),
	operations: {
		'Pbx.BulkInboundRulesDelete'({ context, args }) {
			for (const id of args.ids as number[]) {
				const rule = context.store.find('InboundRules', 'Id', id);
				if (rule) context.store.remove('InboundRules', rule);
			}
		},
	},
};
