#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
<#
The scenarios of tests/VmUpdate.PowerShell.Tests for those who have PowerShell and Pester, Windows PowerShell 5.1 above all:
    dotnet build src/VmUpdate.PowerShell
    Invoke-Pester tests/Pester
#>

BeforeAll {
    $manifest = [IO.Path]::GetFullPath("$PSScriptRoot/../../VmUpdate.psd1")
    Import-Module $manifest -Force

    # No stream of a prompt takes progress: a runspace of its own holds what was shown.
    function Get-Progress([string] $Command, [hashtable] $Parameters) {
        $shell = [PowerShell]::Create()
        try {
            $null = $shell.AddCommand('Import-Module').AddArgument($manifest).AddStatement().AddCommand($Command).AddParameters($Parameters).Invoke()
            $shell.Streams.Progress
        }
        finally {
            $shell.Dispose()
        }
    }
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

Describe 'The swap in a lab' {
    BeforeEach {
        $folder = Join-Path $TestDrive ([Guid]::NewGuid().ToString('N'))
        $lab = New-VmUpdateLab -Path $folder -PooledVmCount 3
        $null = $lab | Connect-VmUpdateHost
    }

    It 'checks and changes nothing' {
        $before = Get-ChildItem $folder -Recurse -Filter *.vhdx | Get-FileHash
        $tests = Test-PooledVmImage -Pool LabPool -MasterPath $lab.NewMasterPath
        $tests.Count | Should -Be 3
        ($tests | Where-Object Verdict -eq 'Blocked').VMName | Should -Be 'PC-03'
        $after = Get-ChildItem $folder -Recurse -Filter *.vhdx | Get-FileHash
        $after.Hash | Should -Be $before.Hash
    }

    It 'says with -WhatIf what it would do and does nothing' {
        Update-PooledVmImage -Pool LabPool -MasterPath $lab.NewMasterPath -WhatIf
        (Get-PooledVmImage).Revision | Sort-Object -Unique | Should -Be 0
    }

    It 'moves a pool, refuses one and reports each' {
        $results = Update-PooledVmImage -Pool LabPool -MasterPath $lab.NewMasterPath -Force -ErrorVariable failures -ErrorAction SilentlyContinue
        ($results | Where-Object State -eq 'Updated').VMName | Sort-Object | Should -Be 'PC-01', 'PC-02'
        $failures.FullyQualifiedErrorId | Should -Be 'VmHasCheckpoints,VmUpdate.PowerShell.Commands.UpdatePooledVmImageCommand'
        $report = Join-Path $TestDrive 'report.csv'
        $results | Export-Csv $report -NoTypeInformation
        (Import-Csv $report).Count | Should -Be 3
        Get-Content $report -Raw | Should -Not -Match 'System\.'
    }

    It 'keeps name and MachineGuid and leaves the old disk as it is' {
        $disk = (Get-PooledVmImage PC-01).DiskPath
        $hash = (Get-FileHash $disk).Hash
        $before = Get-VmIdentity $disk | Where-Object { $_.Present -and $_.Set -in 'computer-name', 'machine-guid' }
        $null = Update-PooledVmImage PC-01 -MasterPath $lab.NewMasterPath -Force
        $after = Get-VmIdentity (Get-PooledVmImage PC-01).DiskPath | Where-Object { $_.Present -and $_.Set -in 'computer-name', 'machine-guid' }
        $after.Fingerprint | Should -Be $before.Fingerprint
        (Get-FileHash $disk).Hash | Should -Be $hash
    }

    It 'takes sets of ones own, and refuses a bad one with its line' {
        $set = '{ "set": "mine", "title": "t", "reason": "r.", "old": "carry", "master": "keep", "certainty": "R", "source": "s", "items": [
            { "kind": "registry-value", "hive": "SOFTWARE", "key": "Microsoft\\Cryptography", "value": "MachineGuid" } ] }'
        Set-Content -LiteralPath "$folder/mine.json" -Value $set
        Get-VmIdentity $lab.OldMasterPath -CataloguePath "$folder/mine.json" | ForEach-Object Set | Should -Contain 'mine'
        Set-Content -LiteralPath "$folder/mine.json" -Value $set.Replace('"title"', '"tittle"')
        { Get-VmIdentity $lab.OldMasterPath -CataloguePath "$folder/mine.json" } | Should -Throw -ErrorId 'IdentityCatalogueInvalid,*'
    }

    It 'makes the next version of the master, and the pool moves to it' {
        $null = Set-VmUpdateMachine PC-03 -Role Ignored
        New-PooledVmImageVersion -Pool LabPool -Kind Configuration -Command 'set.exe' -WhatIf
        @(Get-PooledVmImageVersion).Version | Should -Be 1
        $hash = (Get-FileHash $lab.OldMasterPath).Hash
        $version = New-PooledVmImageVersion -Pool LabPool -Kind Configuration -Command 'set.exe'
        $version.Version | Should -Be 2
        (Get-FileHash $lab.OldMasterPath).Hash | Should -Be $hash
        (Update-PooledVmImage -Pool LabPool -Force).To | Sort-Object -Unique | Should -Be $version.Path
        (Get-PooledVmImageVersion LabPool | Test-VmImage).IsSound | Sort-Object -Unique | Should -Be $true
        (Get-PooledVmImageVersion LabPool | Where-Object IsCurrent).UsedBy | Should -Be 'PC-01', 'PC-02'
    }

    It 'brings a machine back' {
        $null = Update-PooledVmImage PC-01 -MasterPath $lab.NewMasterPath -Force
        (Restore-PooledVmImage PC-01 -Force).State | Should -Be 'Updated'
        (Get-PooledVmImage PC-01).Revision | Should -Be 3
    }

    It 'takes machines by name, by id and through the pipeline' {
        (Test-PooledVmImage PC-01 $lab.NewMasterPath).VMName | Should -Be 'PC-01'
        (Get-VmUpdateMachine PC-01 | Test-PooledVmImage -MasterPath $lab.NewMasterPath).VMName | Should -Be 'PC-01'
        (Test-PooledVmImage -Id (Get-VmUpdateMachine PC-01).VMId -MasterPath $lab.NewMasterPath).VMName | Should -Be 'PC-01'
        ('PC-01', 'PC-02' | Test-PooledVmImage -MasterPath $lab.NewMasterPath).Count | Should -Be 2
    }

    It '<id> for: <script>' -ForEach @(
        @{ id = 'VmNotFound'; script = { Update-PooledVmImage PC-77 -MasterPath $lab.NewMasterPath -Force -ErrorAction Stop } }
        @{ id = 'WildcardsNotAllowed'; script = { Update-PooledVmImage * -Force -ErrorAction Stop } }
        @{ id = 'NoMachineNamed'; script = { Update-PooledVmImage -Force } }
        @{ id = 'StoreNotFound'; script = { Update-PooledVmImage -Pool Nowhere -Force -ErrorAction Stop } }
        @{ id = 'NoOldDisk'; script = { Restore-PooledVmImage PC-01 -Force -ErrorAction Stop } }
        @{ id = 'HostFileNotFound'; script = { Update-PooledVmImage PC-01 -MasterPath "$folder/none.vhdx" -Force -ErrorAction Stop } }
        @{ id = 'WrongHost'; script = { [pscustomobject]@{ VMName = 'PC-01'; ComputerName = 'HV-99' } | Update-PooledVmImage -Force -ErrorAction Stop } }
        @{ id = 'HostNotUsable'; script = { New-VmUpdateLab $folder } }
    ) {
        $script | Should -Throw -ErrorId "$id,*"
    }

    It 'completes names' {
        $line = 'Update-PooledVmImage -Name PC'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'PC-01', 'PC-02', 'PC-03'
    }

    It 'deletes old disks only when it may' {
        $old = (Get-PooledVmImage PC-01).DiskPath
        $null = Update-PooledVmImage PC-01 -MasterPath $lab.NewMasterPath -Force
        (Remove-PooledVmOldDisk PC-01 -Force).ErrorId | Should -Be 'KeptLonger'
        (Remove-PooledVmOldDisk PC-01 -AllowBeforeTime -Force).Removed | Should -BeTrue
        Test-Path $old | Should -BeFalse
    }
}

Describe 'Leaks and doubles' {
    BeforeAll {
        $folder = Join-Path $TestDrive ([Guid]::NewGuid().ToString('N'))
        $lab = New-VmUpdateLab -Path $folder -PooledVmCount 3
        $null = $lab | Connect-VmUpdateHost
        $planted = 'answer-file-passwords', 'auto-logon', 'cached-logons', 'console-history',
            'defender-for-endpoint', 'dhcpv6-duid', 'msmq', 'sqm-machine-id', 'tanium', 'windows-update'
    }

    It 'finds exactly what was planted' {
        $found = Test-VmIdentity -Pool LabPool
        $found | Where-Object Kind -eq 'Leak' | ForEach-Object Set | Sort-Object | Should -Be $planted
        $found | Where-Object Kind -eq 'Duplicate' | ForEach-Object Set | Should -Be 'trend-micro'
    }

    It 'writes a page' {
        $report = Join-Path $folder 'report.html'
        $null = Test-VmIdentity -Path (Join-Path $folder 'disks') -AsReport $report
        Get-Content $report -Raw | Should -Not -Match 'Not-A-Secret-In-A-Lab-1'
    }

    It 'cleans a master into a new file, and takes nothing twice' {
        $hash = (Get-FileHash $lab.OldMasterPath).Hash
        $clean = Join-Path $folder 'clean.vhdx'
        Clear-VmIdentity $lab.OldMasterPath $clean | ForEach-Object Set | Sort-Object -Unique | Should -Be $planted
        Test-VmIdentity $clean | Should -BeNullOrEmpty
        Clear-VmIdentity $clean (Join-Path $folder 'again.vhdx') | Should -BeNullOrEmpty
        { Clear-VmIdentity $lab.OldMasterPath $clean -ErrorAction Stop } | Should -Throw -ErrorId 'HostFileAlreadyExists,*'
        (Get-FileHash $lab.OldMasterPath).Hash | Should -Be $hash
    }

    It 'shows how far the cleaning is, up to its end' {
        $shown = Get-Progress Clear-VmIdentity @{ Path = $lab.OldMasterPath; Destination = (Join-Path $folder 'shown.vhdx') }
        $shown[0].PercentComplete | Should -Be 0
        $shown[-2].PercentComplete | Should -Be 100
        $shown[-1].RecordType | Should -Be 'Completed'
    }
}

Describe 'The guest agent in an image' {
    It 'is put into a new file, and the image stays as it was' {
        $folder = Join-Path $TestDrive ([Guid]::NewGuid().ToString('N'))
        $lab = New-VmUpdateLab -Path (Join-Path $folder 'lab') -PooledVmCount 0
        $hash = (Get-FileHash $lab.OldMasterPath).Hash
        $made = Install-VmUpdateAgent $lab.OldMasterPath (Join-Path $folder 'agent.vhdx') -WarningAction SilentlyContinue
        $made.WasInstalled | Should -BeFalse
        (Install-VmUpdateAgent $made.Destination (Join-Path $folder 'again.vhdx') -WarningAction SilentlyContinue).WasInstalled | Should -BeTrue
        { Install-VmUpdateAgent $lab.OldMasterPath $made.Destination -ErrorAction Stop } | Should -Throw -ErrorId 'HostFileAlreadyExists,*'
        (Get-FileHash $lab.OldMasterPath).Hash | Should -Be $hash
        $shown = Get-Progress Install-VmUpdateAgent @{ Path = $lab.OldMasterPath; Destination = (Join-Path $folder 'shown.vhdx') }
        $shown[0].PercentComplete | Should -Be 0
        $shown[-2].PercentComplete | Should -Be 100
        $shown[-1].RecordType | Should -Be 'Completed'
    }
}

Describe 'An identity out of a host and onto a new disk' {
    BeforeEach {
        $folder = Join-Path $TestDrive ([Guid]::NewGuid().ToString('N'))
        $lab = New-VmUpdateLab -Path (Join-Path $folder 'lab') -PooledVmCount 2
        $null = $lab | Connect-VmUpdateHost
        $passphrase = ConvertTo-SecureString 'correct horse battery' -AsPlainText -Force
        $other = ConvertTo-SecureString 'incorrect horse battery' -AsPlainText -Force
        $export = Export-VmIdentity PC-01 (Join-Path $folder 'exports') -Passphrase $passphrase
        $new = Join-Path $folder 'new.vhdx'
    }

    It 'is the same on the new disk' {
        $before = Get-VmIdentity (Get-PooledVmImage PC-01).DiskPath | Where-Object { $_.Present -and $_.Set -in 'computer-name', 'machine-guid' }
        (Import-VmIdentity $export.Path PC-01 -MasterPath $lab.NewMasterPath -DiskPath $new -Passphrase $passphrase).GuestName | Should -Be 'PC-01'
        $after = Get-VmIdentity $new | Where-Object { $_.Present -and $_.Set -in 'computer-name', 'machine-guid' }
        $after.Fingerprint | Should -Be $before.Fingerprint
    }

    It '<id> for: <script>' -ForEach @(
        @{ id = 'ProtectionNotNamed'; script = { Export-VmIdentity PC-01 $folder } }
        @{ id = 'IdentityPassphraseTooShort'; script = { Export-VmIdentity PC-01 $folder -Passphrase (ConvertTo-SecureString 'horse' -AsPlainText -Force) } }
        @{ id = 'VmBusy'; script = { Export-VmIdentity PC-02 $folder -Passphrase $passphrase -ErrorAction Stop } }
        @{ id = 'IdentityBundleWrongKey'; script = { Import-VmIdentity $export.Path PC-01 -DiskPath $new -Passphrase $other -ErrorAction Stop } }
        @{ id = 'IdentityBundleForeign'; script = { Import-VmIdentity $export.Path PC-02 -DiskPath $new -Passphrase $passphrase -ErrorAction Stop } }
    ) {
        $script | Should -Throw -ErrorId "$id,*"
        Test-Path $new | Should -BeFalse
    }

    It 'is kept beside the old disk, under a new key when that is wanted' {
        $null = Update-PooledVmImage PC-01 -MasterPath $lab.NewMasterPath -Force
        (New-VmIdentityStoreKey).IdentitiesResealed | Should -Be 1
        (Export-VmIdentity PC-01 $folder -Revision 1 -Passphrase $passphrase).Sets | Should -Contain 'computer-name'
        $null = Remove-PooledVmOldDisk PC-01 -AllowBeforeTime -Force
        { Export-VmIdentity PC-01 $folder -Revision 1 -Passphrase $passphrase -ErrorAction Stop } | Should -Throw -ErrorId 'IdentityBundleNotFound,*'
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
