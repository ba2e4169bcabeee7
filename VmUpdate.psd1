@{
    RootModule           = 'PSModule/VmUpdate.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = '6a1c0a3e-5a0b-4f6a-9a53-0d2a7f6b1c94'
    Author               = 'The VmUpdate maintainers'
    Copyright            = '(c) 2026 The VmUpdate maintainers. MIT License.'
    Description          = 'Updates virtual desktops: wakes personal ones for their updates and puts them back, under a load gate; moves pooled ones to the disk of a new master image, offline, and each keeps its identity.'
    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')
    FormatsToProcess     = @('PSModule/VmUpdate.Format.ps1xml')
    TypesToProcess       = @('PSModule/VmUpdate.Types.ps1xml')
    FunctionsToExport    = @()
    AliasesToExport      = @()
    VariablesToExport    = @()
    CmdletsToExport      = @(
        'Connect-VmUpdateHost',
        'New-VmUpdateLab',
        'New-VmUpdateLabMachine',
        'New-VmUpdatePool',
        'Get-VmUpdatePool',
        'Set-VmUpdatePool',
        'Remove-VmUpdatePool',
        'Get-VmUpdateMachine',
        'Set-VmUpdateMachine',
        'Test-PooledVmImage',
        'Update-PooledVmImage',
        'Restore-PooledVmImage',
        'Get-PooledVmImage',
        'Remove-PooledVmOldDisk',
        'New-PooledVmImageVersion',
        'Get-PooledVmImageVersion',
        'Test-VmImage',
        'Get-VmIdentity',
        'Test-VmIdentity',
        'Clear-VmIdentity',
        'Install-VmUpdateAgent',
        'Export-VmIdentity',
        'Import-VmIdentity',
        'New-VmIdentityStoreKey',
        'Register-VmUpdateTask',
        'Get-VmUpdateTask',
        'Set-VmUpdateTask',
        'Unregister-VmUpdateTask',
        'Suspend-VmUpdateTask',
        'Resume-VmUpdateTask',
        'Invoke-VmUpdateBroker',
        'Get-VmUpdateRun',
        'Stop-VmUpdateRun',
        'Get-VmUpdateHost',
        'Set-VmUpdateHost',
        'Test-VmUpdateHost',
        'Set-VmUpdateLabMachine',
        'Set-VmUpdateLabHost'
    )
    PrivateData          = @{
        PSData = @{
            Tags       = @('Hyper-V', 'VDI', 'VHDX', 'RDS', 'Update')
            LicenseUri = 'https://opensource.org/license/mit'
        }
    }
}
