import type { IDataObject } from 'n8n-workflow';

/** A row of no kind in particular: it has what any operation of the 3CX node looks for in what it reads. */
export const ANY_ROW: IDataObject = {
	Id: 1,
	Number: '100',
	Name: 'Larkfield',
	FirstName: 'Anna',
	Priority: 1,
	IsOnline: true,
	Gateway: { Name: 'Northgate' },
	Hours: { Type: 'OfficeHours', Periods: [] },
	BreakTime: { Type: 'OfficeHours', Periods: [] },
	Groups: [{ Id: 1, GroupId: 2, Number: '100', Name: 'DEFAULT', Rights: { RoleName: 'users' } }],
	Members: [{ Id: 1, Number: '102' }],
	Peers: [{ Id: 1, Number: '102' }],
	Agents: [{ Id: 1, Number: '102' }],
	Managers: [{ Id: 1, Number: '102' }],
	Forwards: [{ Id: 1, Input: '1', ForwardType: 'Extension', ForwardDN: '102' }],
	ForwardingProfiles: [{ Id: 1, Name: 'Available' }],
	Registrar: { MAC: '1' },
	Reports: [],
	Log: [],
};
