#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
<#
The scenarios of tests/VmUpdate.PowerShell.Tests for those who have PowerShell and Pester, Windows PowerShell 5.1 above all:
    dotnet build src/VmUpdate.PowerShell
    Invoke-Pester tests/Pester
#>

BeforeAll {
    Import-Module ([IO.Path]::GetFullPath("$PSScriptRoot/../../VmUpdate.psd1")) -Force
}

Describe 'The module' {
    It 'exports cmdlets only' {
        (Get-Module VmUpdate).ExportedCommands.Values.CommandType | Sort-Object -Unique | Should -Be 'Cmdlet'
    }

    It 'explains every parameter of <_>' -ForEach @(
        'Connect-VmUpdateHost', 'New-VmUpdateLab', 'New-VmUpdateLabMachine', 'New-VmUpdatePool', 'Get-VmUpdatePool', 'Set-VmUpdatePool',
        'Remove-VmUpdatePool', 'Get-VmUpdateMachine', 'Set-VmUpdateMachine', 'Test-PooledVmImage', 'Update-PooledVmImage',
        'Restore-PooledVmImage', 'Get-PooledVmImage', 'Remove-PooledVmOldDisk', 'New-PooledVmImageVersion', 'Get-PooledVmImageVersion', 'Test-VmImage', 'Get-VmIdentity', 'Test-VmIdentity', 'Clear-VmIdentity', 'Install-VmUpdateAgent',
        'Export-VmIdentity', 'Import-VmIdentity', 'New-VmIdentityStoreKey', 'Register-VmUpdateTask', 'Get-VmUpdateTask', 'Set-VmUpdateTask',
        'Unregister-VmUpdateTask', 'Suspend-VmUpdateTask', 'Resume-VmUpdateTask', 'Invoke-VmUpdateBroker', 'Get-VmUpdateRun',
        'Stop-VmUpdateRun', 'Get-VmUpdateHost', 'Set-VmUpdateHost', 'Test-VmUpdateHost', 'Set-VmUpdateLabMachine', 'Set-VmUpdateLabHost') {
        foreach ($parameter in (Get-Help $_ -Full).parameters.parameter) {
            "$($parameter.description.Text)".Trim() | Should -Not -BeNullOrEmpty
        }
    }

    It 'finds its about topics' {
        Get-Help about_VmUpdate | Should -Match 'never turns a machine off by force'
        Get-Help about_VmUpdate_Errors | Should -Match 'DiskBitLocker'
    }

    It 'says without a host that there is none' {
        { Get-VmUpdateMachine } | Should -Throw -ErrorId 'NotConnected,*'
    }
}

Describe 'Update tasks in a lab' {
    BeforeEach {
        $folder = Join-Path $TestDrive ([Guid]::NewGuid().ToString('N'))
        $lab = New-VmUpdateLab -Path $folder -PooledVmCount 0 -PersonalVmCount 3
        $null = $lab | Connect-VmUpdateHost
        Set-VmUpdateHost -SettleTime 0 -StartJitter 0
        Set-VmUpdateLabMachine -LabPath $folder -Name DESK-* -State Saved
    }

    It 'wakes machines, updates them and puts them back' {
        Get-VmUpdateMachine DESK* | Register-VmUpdateTask -Name Patch -Kind Configuration -Command 'patch.exe'
        $result = Invoke-VmUpdateBroker
        $result.Succeeded | Should -Be 3
        (Get-VmUpdateMachine).State | Sort-Object -Unique | Should -Be 'Saved'
        (Get-VmUpdateRun -Detailed)[0].Journal -join "`n" | Should -Match 'Applying'
    }

    It 'says with -WhatIf what it would do and does nothing' {
        Register-VmUpdateTask Patch x -Kind Configuration -VMName DESK-01 -WhatIf
        Get-VmUpdateTask | Should -BeNullOrEmpty
        Register-VmUpdateTask Patch x -Kind Configuration -VMName DESK-01
        (Invoke-VmUpdateBroker -WhatIf).VMName | Should -Be 'DESK-01'
        (Get-VmUpdateRun).State | Should -Be 'Pending'
    }

    It 'suspends, changes, resumes and removes tasks' {
        Register-VmUpdateTask Patch x -Kind Configuration -VMName DESK-01
        (Get-VmUpdateTask | Suspend-VmUpdateTask -PassThru).State | Should -Be 'Suspended'
        (Set-VmUpdateTask Patch -Priority High -PassThru).Priority | Should -Be 'High'
        (Resume-VmUpdateTask Patch -PassThru).State | Should -Be 'Active'
        Unregister-VmUpdateTask Patch -Force
        Get-VmUpdateTask | Should -BeNullOrEmpty
    }

    It 'tells what a run waits for' {
        Set-VmUpdateLabHost -LabPath $folder -CpuPercent 90
        Register-VmUpdateTask Patch x -Kind Configuration -VMName DESK-01
        $null = Invoke-VmUpdateBroker -Until (Get-Date).AddSeconds(1)
        (Get-VmUpdateRun).State | Should -Be 'Pending'
        (Test-VmUpdateHost | Where-Object Check -eq 'Load').Detail | Should -Match 'WaitingForCpu: 90 %'
    }

    It 'shows, sets and refuses what guests may ask for' {
        (Get-VmUpdateHost).GuestPolicy | Should -Match '^default: personal machines'
        $policy = Join-Path $TestDrive 'policy.json'
        [IO.File]::WriteAllText($policy, '{ "allowUrgent": true }')
        (Set-VmUpdateHost -GuestPolicyPath $policy -PassThru).GuestPolicy | Should -Match 'urgent too'
        [IO.File]::WriteAllText($policy, '{ "allowUrgnt": true }')
        { Set-VmUpdateHost -GuestPolicyPath $policy -ErrorAction Stop } | Should -Throw -ErrorId 'TaskBadGuestPolicy*'
        (Test-VmUpdateHost | Where-Object Check -eq 'GuestPolicy').Verdict | Should -Be 'Ready'
    }

    It '<id> for: <script>' -ForEach @(
        @{ id = 'TaskUnknownVm'; script = { Register-VmUpdateTask T x -Kind Configuration -VMName DESK-77 -ErrorAction Stop } }
        @{ id = 'PatternMeansAll'; script = { Register-VmUpdateTask T x -Kind Configuration -VMName * -ErrorAction Stop } }
        @{ id = 'TaskEndInPast'; script = { Register-VmUpdateTask T x -Kind Configuration -VMName DESK-01 -EndTime 2020-01-01 -ErrorAction Stop } }
        @{ id = 'TaskBadSchedule'; script = { Register-VmUpdateTask T x -Kind Configuration -VMName DESK-01 -Schedule 'each Tuesday' -ErrorAction Stop } }
        @{ id = 'TaskUnknownTimeZone'; script = { Register-VmUpdateTask T x -Kind Configuration -VMName DESK-01 -TimeZone Nowhere -ErrorAction Stop } }
        @{ id = 'TaskNotFound'; script = { Get-VmUpdateTask Nowhere -ErrorAction Stop } }
        @{ id = 'NothingNamed'; script = { Stop-VmUpdateRun } }
        @{ id = 'WildcardsNotAllowed'; script = { Unregister-VmUpdateTask * -Force -ErrorAction Stop } }
        @{ id = 'TaskBadLimit'; script = { Set-VmUpdateHost -MaxAwake 0 -ErrorAction Stop } }
    ) {
        $script | Should -Throw -ErrorId "$id,*"
    }
}

Describe 'The quick start' {
    It 'runs' {
        $lab = Join-Path $TestDrive 'quickstart'
        & ([IO.Path]::GetFullPath("$PSScriptRoot/../../PSModule/examples/QuickStart.ps1")) -LabPath $lab *> $null
        $LASTEXITCODE | Should -Be 0
    }

    It 'runs for personal machines' {
        $lab = Join-Path $TestDrive 'quickstart-personal'
        & ([IO.Path]::GetFullPath("$PSScriptRoot/../../PSModule/examples/QuickStart-Personal.ps1")) -LabPath $lab *> $null
        $LASTEXITCODE | Should -Be 0
    }
}
