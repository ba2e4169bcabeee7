<#
.SYNOPSIS
A pool's master is updated, in a lab: a task runs in a build machine, its disk becomes the next version, and the pool moves to it.
.DESCRIPTION
Nothing outside one folder is touched. What the made-up guest does with the task is a file in the lab: it leaves a file and a registry value.
Without PowerShell:  dotnet run --project src/VmUpdate.Shell -- PSModule/examples/QuickStart-Master.ps1
With PowerShell:     ./PSModule/examples/QuickStart-Master.ps1
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
    $LabPath = [IO.Path]::Combine([IO.Path]::GetTempPath(), "vmupdate-master-$([Guid]::NewGuid().ToString('N').Substring(0, 8))")
}

Show-Step 'A lab: two pooled machines on children of one master'
$lab = New-VmUpdateLab -Path $LabPath -PooledVmCount 3
$null = $lab | Connect-VmUpdateHost
$null = Set-VmUpdateMachine -Name PC-03 -Role Ignored
Get-PooledVmImageVersion -Pool $lab.Pool | Out-Host

Show-Step 'The next version: a machine is made on a child of the master, the broker performs the task in it, its disk is sealed'
$guests = [IO.Path]::Combine($LabPath, 'guests')
$null = [IO.Directory]::CreateDirectory($guests)
[IO.File]::WriteAllText([IO.Path]::Combine($guests, "$($lab.Pool)-v2-build.json"),
    '{ "files": { "Program Files\\Contoso\\version.txt": "1.1" }, "softwareValues": { "Contoso\\Desk\\Version": "1.1" } }')
$version = New-PooledVmImageVersion -Pool $lab.Pool -Kind ApplicationUpgrade -Command 'desk-1.1.exe /quiet' -Verbose
Get-PooledVmImageVersion -Pool $lab.Pool | Out-Host

Show-Step 'What it leaks to every machine that is made from it: all of it came with the old master'
$version.Findings | ForEach-Object { Write-Host "    $_" }

Show-Step 'The pool moves to it; each machine stays itself'
$results = @(Update-PooledVmImage -Pool $lab.Pool -Force)
$results | Out-Host
Get-PooledVmImageVersion -Pool $lab.Pool | Out-Host

$moved = @($results | Where-Object { $_.State -eq 'Updated' -and $_.To -eq $version.Path })
Show-Step "Done in $($watch.Elapsed.TotalSeconds.ToString('0.0', [cultureinfo]::InvariantCulture)) s: version $($version.Version), $($moved.Count) machines on it"
Write-Host "The lab     $($lab.LabPath)   (delete the folder when you are done)"
Write-Host "Versions    $($lab.OldMasterPath)   (byte for byte what it was)"
Write-Host "            $($version.Path)"
if ($moved.Count -ne 2) { exit 1 }
exit 0
