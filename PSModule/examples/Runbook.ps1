<#
.SYNOPSIS
A runbook: an urgent fix for all personal machines of a host, waited for, with one object for each machine as its result.
.DESCRIPTION
The object has VMName, State, Reason and Detail. Where another process is the host's broker already, that one does the work, and this only waits.
.PARAMETER LibvirtUri
The KVM host to work on: qemu:///system.
.PARAMETER LabPath
The lab to work on, where it is no real host.
.PARAMETER Name
The task's name.
.PARAMETER Command
What is run in the machines.
.PARAMETER TimeoutMinutes
How long it is waited for at most.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, ParameterSetName = 'Lab')] [string] $LabPath,
    [Parameter(Mandatory, ParameterSetName = 'Libvirt')] [string] $LibvirtUri,
    [Parameter(Mandatory)] [string] $Name,
    [Parameter(Mandatory)] [string] $Command,
    [int] $TimeoutMinutes = 60
)

$ErrorActionPreference = 'Stop'
Import-Module ([IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..', 'VmUpdate.psd1')))

$where = if ($LibvirtUri) { @{ LibvirtUri = $LibvirtUri } } else { @{ LabPath = $LabPath } }
$null = Connect-VmUpdateHost @where
$end = [DateTime]::Now.AddMinutes($TimeoutMinutes)
Register-VmUpdateTask -Name $Name -Kind Configuration -Command $Command -TargetKind Personal -Urgent -EndTime $end -Force
if (-not (Get-VmUpdateHost).BrokerRunning) { $null = Invoke-VmUpdateBroker -WarningAction SilentlyContinue }
while (@(Get-VmUpdateRun -TaskName $Name -Open).Count -gt 0 -and [DateTime]::Now -lt $end) { Start-Sleep -Seconds 2 }
$task = Get-VmUpdateTask -Name $Name
Get-VmUpdateRun | Where-Object { $_.TaskId -eq $task.TaskId }
