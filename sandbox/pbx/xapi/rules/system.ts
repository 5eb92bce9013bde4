import type { Licence } from '../../types';
import type { Row } from '../../odata/model';
import type { Context, Rules } from '../context';
import { DN_SETS } from '../store';

const PRODUCT: Record<Licence, string> = {
	enterprise: '3CXPSENT',
	professional: '3CXPSPROF',
	basic: '3CXPSBAS',
};

const GIGABYTE = 1024 ** 3;
const DAY_MS = 86_400_000;

const inDays = ({ now }: Context, days: number) =>
	new Date(now().getTime() + days * DAY_MS).toISOString();

/** An invented key, made once per start. */
const licenceKey = (context: Context) =>
	String(
		context.store.singleton('licence', () => ({
			key: ['', '', '', '']
				.map(() => context.secret(4, 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'))
				.join('-'),
		})).key,
	);

/** What time does to a PBX: how full its disk is, when its licence ends. Tests and demos change it in the store. */
const machine = (context: Context): Row =>
	context.store.singleton('machine', () => ({
		TotalDiskSpace: 80 * GIGABYTE,
		FreeDiskSpace: 52 * GIGABYTE,
		DiskUsage: 35,
		ExpirationDate: inDays(context, 365),
	}));

/** Whether 3CX's support may look at the PBX. That somebody there begins to (`Active`) is for tests to say, in the store. */
const remoteAccess = ({ store }: Context): Row =>
	store.singleton('remoteAccess', () => ({ status: 'None' }));

/** The time of the newest backup; left out where there is none. */
function lastBackup({ store }: Context): Row {
	const times = store.rows('Backups').map(({ CreationTime }) => String(CreationTime));
	const [LastBackupDateTime] = times.sort().slice(-1);
	return LastBackupDateTime === undefined ? {} : { LastBackupDateTime };
}

/** What the PBX finds when it looks for updates: rows of the store. */
export const updates: Rules = {
	operations: {
		GetUpdates: ({ context }) => ({
			Entries: context.store.rows('Updates'),
			IsMaintananceExpired: false,
		}),
	},
};

export const systemStatus: Rules = {
	values(context) {
		const { store, calls, version, fqdn, licence } = context;
		const users = store.rows('Users');
		const trunks = store.rows('Trunks');
		return {
			Id: 0,
			FQDN: fqdn,
			Version: version,
			OS: 'Linux',
			Activated: true,
			LicenseActive: true,
			LicenseKey: licenceKey(context),
			ProductCode: PRODUCT[licence],
			MaxSimCalls: 32,
			MaxUserExtensions: 1000,
			CallsActive: calls.calls().length,
			UserExtensions: users.length,
			ExtensionsTotal: DN_SETS.reduce((sum, set) => sum + store.rows(set).length, 0),
			ExtensionsRegistered: users.filter(({ IsRegistered }) => IsRegistered === true).length,
			TrunksTotal: trunks.length,
			TrunksRegistered: trunks.filter(({ IsOnline }) => IsOnline === true).length,
			OutboundRules: store.rows('OutboundRules').length,
			RecordingQuota: 10 * GIGABYTE,
			IpV4: '192.0.2.10',
			MaintenanceExpiresAt: inDays(context, 365),
			HasNotRunningServices: Object.values(store.singleton('services')).some(
				(status) => status !== 'Running',
			),
			...lastBackup(context),
			...machine(context),
		};
	},
	operations: {
		'Pbx.SystemTelemetry': ({ context }) => [
			{
				Time: context.now().toISOString(),
				CpuUsage: 7.5,
				TotalDiskSpace: 80 * GIGABYTE,
				FreeDiskSpace: 52 * GIGABYTE,
				TotalPhysicalMemory: 4 * GIGABYTE,
				FreePhysicalMemory: 2 * GIGABYTE,
			},
		],
		'Pbx.GetRemoteAccessStatus': ({ context }) => remoteAccess(context).status,
		'Pbx.RequestHelp': ({ context }) => {
			remoteAccess(context).status = 'Requested';
		},
		'Pbx.RevokeRemoteAccess': ({ context }) => {
			remoteAccess(context).status = 'None';
		},
		'Pbx.SystemHealthStatus': () => ({
			Id: 0,
			Firewall: true,
			Phones: true,
			Trunks: true,
			CustomTemplatesCount: 0,
			UnsupportedFirmwaresCount: 0,
		}),
	},
};

export const licenseStatus: Rules = {
	values: (context) => ({
		LicenseKey: licenceKey(context),
		ProductCode: PRODUCT[context.licence],
		LicenseActive: true,
		Activated: true,
		ActiveModules: context.licence === 'enterprise' ? ['CallControl', 'XAPI', 'CFD'] : [],
		CompanyName: 'Larkfield Dental Group',
		AdminEMail: 'admin@larkfield.example.com',
		MaxSimCalls: 32,
		Version: context.version,
		ExpirationDate: machine(context).ExpirationDate,
	}),
};

const ZONES = [
	['51', 'Europe/London', 'GMT Standard Time'],
	['60', 'Europe/Berlin', 'W. Europe Standard Time'],
	['13', 'America/New_York', 'Eastern Standard Time'],
	['4', 'America/Los_Angeles', 'Pacific Standard Time'],
	['93', 'Asia/Jerusalem', 'Israel Standard Time'],
] as const;

export const defs: Rules = {
	values: () => ({
		Id: 0,
		Codecs: [],
		GatewayParameters: [],
		GatewayParameterValues: [],
		TimeZones: ZONES.map(([Id, IanaName, WindowsName]) => ({
			Id,
			IanaName,
			WindowsName,
			Name: IanaName,
		})),
	}),
	operations: {
		'Pbx.HasSystemOwner': () => true,
		'Pbx.GetLicenseParameters': ({ context }) => ({
			CountryCode: 'GB',
			IsEnterprise: context.licence === 'enterprise',
			IsProfessional: context.licence !== 'basic',
			IsCfdEnabled: context.licence === 'enterprise',
			IsBrandingEnabled: context.licence === 'enterprise',
			IsMaintainceExpired: false,
			MaxSimCalls: 32,
			ProductCode: PRODUCT[context.licence],
		}),
	},
};
