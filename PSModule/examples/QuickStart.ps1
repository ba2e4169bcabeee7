<#
.SYNOPSIS
The main job of VmUpdate, in a lab: a pool of virtual desktops moves to a new master image, and each keeps its identity.
.DESCRIPTION
Nothing outside one folder is touched. The lab's disks are real VHDX files; what is made up is that the machines run.
Without PowerShell:  dotnet run --project src/VmUpdate.Shell -- PSModule/examples/QuickStart.ps1
With PowerShell:     ./PSModule/examples/QuickStart.ps1
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

# What a disk says of itself: the name, and a fingerprint of the MachineGuid.
function Get-Identity([string] $DiskPath) {
    $found = @(Get-VmIdentity -Path $DiskPath | Where-Object { $_.Present })
    $name = @($found | Where-Object { $_.SetName -eq 'computer-name' })[0].Value
    $guid = @($found | Where-Object { $_.SetName -eq 'machine-guid' })[0].Fingerprint
    "$name, MachineGuid #$($guid.Substring(0, 8))"
}

$watch = [Diagnostics.Stopwatch]::StartNew()
if (-not $LabPath) {
    $LabPath = [IO.Path]::Combine([IO.Path]::GetTempPath(), "vmupdate-quickstart-$([Guid]::NewGuid().ToString('N').Substring(0, 8))")
}

Show-Step 'A lab: two master images, eight pooled machines on children of the first one'
$lab = New-VmUpdateLab -Path $LabPath -PooledVmCount 8
$null = $lab | Connect-VmUpdateHost
Get-VmUpdateMachine | Out-Host

Show-Step "What leaks from the new master, and what machines share. 'Test-VmIdentity -Path <folder>' does this for disks of yours"
Test-VmIdentity -Pool $lab.Pool | Out-Host

Show-Step 'The check before: what would be done, and to whom it cannot be done. Nothing is changed'
$null = Set-VmUpdatePool -Name $lab.Pool -MasterPath $lab.NewMasterPath
Test-PooledVmImage -Pool $lab.Pool | Out-Host

Show-Step 'The swap: each machine gets a child of the new master, and its own identity'
$before = @{}
foreach ($vm in Get-PooledVmImage -Pool $lab.Pool) { $before[$vm.VMName] = Get-Identity $vm.DiskPath }
$results = @(Update-PooledVmImage -Pool $lab.Pool -ThrottleLimit 2 -Force -ErrorAction SilentlyContinue)
$results | Out-Host

Write-Host "The new master's own identity: $(Get-Identity $lab.NewMasterPath). No machine may have it."

Show-Step 'Each machine before and after, read from its two disks'
foreach ($result in $results) {
    if ($result.State -ne 'Updated') { continue }
    Write-Host "$($result.VMName)" -ForegroundColor Green
    Write-Host "    before       $($before[$result.VMName])   on a child of $([IO.Path]::GetFileName($result.From))"
    Write-Host "    after        $(Get-Identity $result.DiskPath)   on a child of $([IO.Path]::GetFileName($result.To))"
    Write-Host "    carried      $($result.SetsCarried)"
    Write-Host "    stripped     $($result.SetsStripped)"
    Write-Host "    not carried  $($result.SetsLost)"
}

Show-Step 'Refused, on purpose: the others went on, and nothing was changed on this one'
foreach ($result in $results) {
    if ($result.State -eq 'Updated') { continue }
    Write-Host "$($result.VMName)  $($result.ErrorId): $($result.Error)" -ForegroundColor Yellow
}

Show-Step 'The way back, for one machine: a child of its old disk'
$first = $results[0].VMName
Restore-PooledVmImage -Name $first -Force | Out-Host
Get-PooledVmImage | Out-Host

$updated = @($results | Where-Object { $_.State -eq 'Updated' })
$refused = @($results | Where-Object { $_.State -eq 'Blocked' })
Show-Step "Done in $($watch.Elapsed.TotalSeconds.ToString('0.0', [cultureinfo]::InvariantCulture)) s: $($updated.Count) moved, $($refused.Count) refused, 1 brought back"
Write-Host "The lab     $($lab.LabPath)   (delete the folder when you are done)"
Write-Host "Masters     $($lab.OldMasterPath)"
Write-Host "            $($lab.NewMasterPath)"
Write-Host "Disks       $([IO.Path]::GetDirectoryName($updated[0].DiskPath))   (old ones are kept beside the new)"
Write-Host 'Next        Test-VmIdentity -Path <a folder of yours>    Get-Help Update-PooledVmImage -Full'

if ($updated.Count -ne 7 -or $refused.Count -ne 1) { exit 1 }
exit 0
