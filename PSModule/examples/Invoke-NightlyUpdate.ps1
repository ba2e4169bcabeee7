<#
.SYNOPSIS
The task broker for one night: what a scheduled task runs each evening.
.DESCRIPTION
Works until a time of the morning, then ends what is under way, and writes a report of the night.
Exit code 0: nothing failed. 1: something failed or was left awake. 2: the broker could not work.

A scheduled task for it, on Windows:
$action = New-ScheduledTaskAction -Execute powershell.exe -Argument '-NoProfile -File C:\VmUpdate\Invoke-NightlyUpdate.ps1 -LabPath C:\Lab -ReportPath C:\VmUpdate\night.csv'
Register-ScheduledTask -TaskName VmUpdate -Action $action -Trigger (New-ScheduledTaskTrigger -Daily -At 21:55) -User SYSTEM
.PARAMETER LibvirtUri
The KVM host to work on: qemu:///system.
.PARAMETER LabPath
The lab to work on, where it is no real host.
.PARAMETER Until
The time of day at which nothing more begins.
.PARAMETER ReportPath
The report: a line for each run of the night.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, ParameterSetName = 'Lab')] [string] $LabPath,
    [Parameter(Mandatory, ParameterSetName = 'Libvirt')] [string] $LibvirtUri,
    [TimeSpan] $Until = '06:00:00',
    [string] $ReportPath
)

Import-Module ([IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..', 'VmUpdate.psd1')))

$where = if ($LibvirtUri) { @{ LibvirtUri = $LibvirtUri } } else { @{ LabPath = $LabPath } }
$begun = [DateTime]::UtcNow
$end = [DateTime]::Today + $Until
if ($end -le [DateTime]::Now) { $end = $end.AddDays(1) }
try {
    $null = Connect-VmUpdateHost @where -ErrorAction Stop
    $result = Invoke-VmUpdateBroker -Until $end -ErrorAction Stop
}
catch {
    Write-Warning "Nothing was done: $($_.Exception.Message)"
    exit 2
}

if ($ReportPath) { Get-VmUpdateRun | Where-Object { $_.Ended -ge $begun } | Export-Csv $ReportPath -NoTypeInformation }
$result | Out-Host
if ($result.Failed -gt 0 -or $result.LeftAwake.Count -gt 0) { exit 1 }
exit 0
