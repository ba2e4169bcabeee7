<#
.SYNOPSIS
Moves one pool to a new master and writes a report: what a scheduled task would run.
.DESCRIPTION
Exit code 0: all machines are on the new master. 1: some are not. 2: nothing was done.
Without PowerShell:
dotnet run --project src/VmUpdate.Shell -- PSModule/examples/Update-Pool.ps1 -LabPath ./lab -Pool LabPool -MasterPath ./lab/masters/master-v2.vhdx
.PARAMETER LibvirtUri
The KVM host to work on: qemu:///system.
.PARAMETER LabPath
The lab to work on, where it is no real host.
.PARAMETER Pool
The pool to move.
.PARAMETER MasterPath
The master to move it to.
.PARAMETER ReportPath
The report: a line for each machine.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, ParameterSetName = 'Lab')] [string] $LabPath,
    [Parameter(Mandatory, ParameterSetName = 'Libvirt')] [string] $LibvirtUri,
    [Parameter(Mandatory)] [string] $Pool,
    [Parameter(Mandatory)] [string] $MasterPath,
    [string] $ReportPath
)

Import-Module ([IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..', 'VmUpdate.psd1')))

$where = if ($LibvirtUri) { @{ LibvirtUri = $LibvirtUri } } else { @{ LabPath = $LabPath } }
try {
    $null = Connect-VmUpdateHost @where -ErrorAction Stop
    $results = @(Update-PooledVmImage -Pool $Pool -MasterPath $MasterPath -Force)
}
catch {
    Write-Warning "Nothing was done: $($_.Exception.Message)"
    exit 2
}

if ($ReportPath) { $results | Export-Csv $ReportPath -NoTypeInformation }
$results | Out-Host

$there = @($results | Where-Object { $_.State -eq 'Updated' -or $_.State -eq 'Current' })
if ($there.Count -eq 0) { exit 2 }
if ($there.Count -lt $results.Count) { exit 1 }
exit 0
