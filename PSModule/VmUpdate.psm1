# One module for two runtimes: Windows PowerShell 5.1 runs on .NET Framework, PowerShell 7.4 and later on .NET 8 and later.
$version = $PSVersionTable.PSVersion
if ($PSVersionTable.PSEdition -ne 'Core') {
    $framework = 'net472'
}
elseif ($version.Major -gt 7 -or ($version.Major -eq 7 -and $version.Minor -ge 4)) {
    $framework = 'net8.0'
}
else {
    throw "VmUpdate needs Windows PowerShell 5.1, or PowerShell 7.4 or later; this is PowerShell $version."
}

$assembly = [IO.Path]::Combine($PSScriptRoot, 'bin', $framework, 'VmUpdate.PowerShell.dll')
if (-not [IO.File]::Exists($assembly)) {
    throw "VmUpdate is not built yet: '$assembly' is missing. Run 'dotnet build src/VmUpdate.PowerShell', or './build.ps1', first."
}

Import-Module -Name $assembly
Export-ModuleMember -Cmdlet *
