import { notFound } from '../../odata/errors';
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

/** Providers, all invented. A template is what InitTrunk begins a trunk with. */
const TEMPLATES = [
	{ Id: 'Generic.pv.xml', Name: 'Generic SIP Trunk', Host: '', Countries: [] },
	{
		Id: 'Northgate.pv.xml',
		Name: 'Northgate Telecom',
		Host: 'sip.northgate.example.com',
		Countries: ['GB'],
	},
] as const;

export const trunkTemplates: Rules = {
	rows: () =>
		TEMPLATES.map(({ Id, Name, Countries }) => ({
			Id,
			Name,
			Countries,
			AddAllowed: true,
			IsCustom: false,
			TemplateType: 'Supported',
			Editors: ['Voip'],
			Tags: [],
		})),
};

const finding = (code: string, template: string, ...params: string[]): Row => ({
	Code: code,
	Level: 'Info',
	Template: template,
	Params: params,
});

/** A test call that went well: what the reports say is invented, their shape is that of the swagger. */
const passed = ({ now }: Context, ...reports: Row[]): Row => ({
	Reports: reports,
	Log: [{ TimeStamp: now().toISOString(), Text: 'SIP/2.0 200 OK' }],
});

export const trunks: Rules = dnRules('Trunks', {
	defaults: newTrunk,
	operations: {
		'Pbx.GetFirstAvailableTrunkNumber': ({ context }) => ({
			Number: firstFreeNumber(context, 'Trunks'),
		}),
		'Pbx.InitTrunk': ({ context, args }) => {
			// What a real PBX does about a template that it does not have is unknown.
			const template = TEMPLATES.find(({ Id }) => Id === args.template) ?? TEMPLATES[0];
			return {
				...newTrunk(context),
				Id: 0,
				Number: firstFreeNumber(context, 'Trunks'),
				IsOnline: false,
				Gateway: {
					Name: template.Name,
					Host: template.Host,
					Type: 'Provider',
					TemplateFilename: template.Id,
				},
			};
		},
		'Pbx.RefreshRegistration': ({ context: { store }, args }) => {
			const trunk = store.find('Trunks', 'Id', args.id);
			if (!trunk) throw notFound();
			store.update('Trunks', trunk, { IsOnline: true });
		},
		'Pbx.TestInboundCall': ({ context }) =>
			passed(context, finding('InboundCallTransport', 'The call came in over {0}', 'UDP')),
		'Pbx.TestOutboundCall': ({ context, args }) =>
			passed(
				context,
				finding('OutboundDialed', '{0} was dialled', String(args.destination)),
				finding('OutboundCallSuccessful', 'The call was answered'),
			),
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
