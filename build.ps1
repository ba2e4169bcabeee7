<#
.SYNOPSIS
Builds, tests or packages VmUpdate. Thin over dotnet: everything it does can be typed without PowerShell, too.
.PARAMETER Task
Build: dotnet build VmUpdate.sln. Test: dotnet test VmUpdate.sln. Package: artifacts/VmUpdate/<version> and a zip of it.
.EXAMPLE
./build.ps1 -Task Build, Test, Package
#>
[CmdletBinding()]
param(
    [ValidateSet('Build', 'Test', 'Package')]
    [string[]] $Task = 'Build',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Release'
)

$ErrorActionPreference = 'Stop'

$commands = @{
    Build   = 'build', "$PSScriptRoot/VmUpdate.sln", '-c', $Configuration
    Test    = 'test', "$PSScriptRoot/VmUpdate.sln", '-c', $Configuration
    Package = 'build', "$PSScriptRoot/src/VmUpdate.PowerShell", '-t:PackageModule', '-c', 'Release'
}

foreach ($one in $Task) {
    $arguments = $commands[$one]
    & dotnet @arguments
    if ($LASTEXITCODE -ne 0) {
        throw "dotnet $($arguments -join ' ') failed with exit code $LASTEXITCODE."
    }
}
