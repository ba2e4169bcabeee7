<#
.SYNOPSIS
Does the update tasks that are due, and ends: what vmupdate-broker.timer runs.
.DESCRIPTION
Exit code 0: nothing failed. 1: something failed or was left awake. 2: the broker could not work, for instance as another one does.
.PARAMETER LibvirtUri
The KVM host to work on: qemu:///system.
.PARAMETER LabPath
The lab to work on, where it is no real host.
#>
[CmdletBinding()]
param(
    [Parameter(Mandatory, ParameterSetName = 'Lab')] [string] $LabPath,
    [Parameter(Mandatory, ParameterSetName = 'Libvirt')] [string] $LibvirtUri
)

Import-Module ([IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..', 'VmUpdate.psd1')))

$where = if ($LibvirtUri) { @{ LibvirtUri = $LibvirtUri } } else { @{ LabPath = $LabPath } }
try {
    $null = Connect-VmUpdateHost @where -ErrorAction Stop
    $result = Invoke-VmUpdateBroker -ErrorAction Stop
}
catch {
    Write-Warning "Nothing was done: $($_.Exception.Message)"
    exit 2
}

Write-Host "$result"
if ($result.Failed -gt 0 -or $result.LeftAwake.Count -gt 0) { exit 1 }
exit 0
