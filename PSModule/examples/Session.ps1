<#
.SYNOPSIS
An interactive session, to be read line by line, or run as a whole in a lab.
.PARAMETER LabPath
The lab to work on; it has a personal machine DESK-01.
#>
[CmdletBinding()]
param([Parameter(Mandatory)] [string] $LabPath)

$ErrorActionPreference = 'Stop'
Import-Module ([IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..', 'VmUpdate.psd1')))

# Where, and can anything be done there?
$null = Connect-VmUpdateHost -LabPath $LabPath
Test-VmUpdateHost | Out-Host

# What for whom: first seen, then done.
Register-VmUpdateTask -Name 'Editor 5.2' -Kind ApplicationUpgrade -Command 'setup.exe /quiet' -VMName DESK-01 -WhatIf
Register-VmUpdateTask -Name 'Editor 5.2' -Kind ApplicationUpgrade -Command 'setup.exe /quiet' -VMName DESK-01
Invoke-VmUpdateBroker -WhatIf | Out-Host

# Changed one's mind, and again.
Suspend-VmUpdateTask 'Editor 5.2'
Set-VmUpdateTask 'Editor 5.2' -Priority High -Retry 1
Resume-VmUpdateTask 'Editor 5.2'

# Done, and looked at.
Invoke-VmUpdateBroker | Out-Host
Get-VmUpdateRun -TaskName 'Editor 5.2' -Detailed | ForEach-Object { $_.Journal } | Out-Host
Unregister-VmUpdateTask 'Editor 5.2' -Force
