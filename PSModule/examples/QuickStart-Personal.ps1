<#
.SYNOPSIS
The other job of VmUpdate, in a lab: personal virtual desktops are woken for their updates, and put back as they were.
.DESCRIPTION
Nothing outside one folder is touched. The machines do not really run; power states, users, the host's load and what the guests do are made up.
Without PowerShell:  dotnet run --project src/VmUpdate.Shell -- PSModule/examples/QuickStart-Personal.ps1
With PowerShell:     ./PSModule/examples/QuickStart-Personal.ps1
.PARAMETER LabPath
The folder to make the lab in. A new one among the temporary files without it.
#>
[CmdletBinding()]
param([string] $LabPath)

$ErrorActionPreference = 'Stop'
Import-Module ([IO.Path]::GetFullPath([IO.Path]::Combine($PSScriptRoot, '..', '..', 'VmUpdate.psd1')))

function Show-Step([string] $Text) {
    Write-Host ''
    Write-Host "== $Text" -ForegroundColor Cyan
}

$watch = [Diagnostics.Stopwatch]::StartNew()
if (-not $LabPath) {
    $LabPath = [IO.Path]::Combine([IO.Path]::GetTempPath(), "vmupdate-quickstart-$([Guid]::NewGuid().ToString('N').Substring(0, 8))")
}

Show-Step 'A lab: six personal machines, asleep in different ways; somebody works on one'
$lab = New-VmUpdateLab -Path $LabPath -PooledVmCount 0 -PersonalVmCount 6
$null = $lab | Connect-VmUpdateHost
Set-VmUpdateLabMachine -LabPath $LabPath -Name DESK-01, DESK-02 -State Saved
Set-VmUpdateLabMachine -LabPath $LabPath -Name DESK-03 -State Paused
Set-VmUpdateLabMachine -LabPath $LabPath -Name DESK-04 -State Off -End Fails -Message 'no room on the disk'
Set-VmUpdateLabMachine -LabPath $LabPath -Name DESK-05 -State Running -User 'LAB\anna' -NeedsRestart $true
Set-VmUpdateLabMachine -LabPath $LabPath -Name DESK-06 -State Saved -Disconnects 2 -Restarts 1
$before = @{}
foreach ($vm in Get-VmUpdateMachine) { $before[$vm.VMName] = "$($vm.State)" }
Get-VmUpdateMachine | Out-Host

Show-Step 'How much of the host updates may take: here no pause after each wake, as the machines are made up'
Set-VmUpdateHost -MaxAwake 2 -SettleTime 0
Get-VmUpdateHost | Out-Host
Test-VmUpdateHost | Out-Host

Show-Step 'Two tasks: an upgrade for all, and an urgent one for one machine'
Register-VmUpdateTask -Name Monthly -Kind OperatingSystemUpgrade -Instructor WindowsUpdate -Context @() -TargetKind Personal -PassThru | Out-Host
Register-VmUpdateTask -Name Hotfix -Kind Configuration -Command 'hotfix.exe /quiet' -VMName DESK-06 -Urgent

Show-Step 'The plan: in which order, and about when. Nothing is changed'
Invoke-VmUpdateBroker -WhatIf | Out-Host

Show-Step 'The broker works: never more than two machines awake, urgent work first, each machine back as it was'
$result = Invoke-VmUpdateBroker
$result | Out-Host
Get-VmUpdateRun | Out-Host

Show-Step 'What happened to one of them'
(Get-VmUpdateRun -TaskName Monthly -VMName DESK-06 -Detailed).Journal | ForEach-Object { Write-Host "    $_" }

$different = @(Get-VmUpdateMachine | Where-Object { "$($_.State)" -ne $before[$_.VMName] })
Show-Step "Done in $($watch.Elapsed.TotalSeconds.ToString('0.0', [cultureinfo]::InvariantCulture)) s: $result; $($different.Count) machines differ from what they were"
Write-Host "The lab     $LabPath   (delete the folder when you are done)"
Write-Host '            DESK-04 failed on purpose; DESK-05 waits for its restart until anna has gone'
Write-Host 'Next        Get-Help Register-VmUpdateTask -Full    Get-Help about_VmUpdate'

if ($result.Succeeded -ne 6 -or $result.Failed -ne 1 -or $different.Count -ne 0) { exit 1 }
exit 0
