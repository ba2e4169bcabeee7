#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
<#
The scenarios about pools, images and identities; see VmUpdate.Tests.ps1.
#>

BeforeAll {
    $manifest = [IO.Path]::GetFullPath("$PSScriptRoot/../../VmUpdate.psd1")
    Import-Module $manifest -Force

    # No stream of a prompt takes progress: a runspace of its own holds what was shown.
    function Get-Progress([string] $Command, [hashtable] $Parameters, [string] $LabPath) {
        $shell = [PowerShell]::Create()
        try {
            $null = $shell.AddCommand('Import-Module').AddArgument($manifest).AddStatement()
            if ($LabPath) { $null = $shell.AddCommand('Connect-VmUpdateHost').AddParameter('LabPath', $LabPath).AddStatement() }
            $null = $shell.AddCommand($Command).AddParameters($Parameters).Invoke()
            $shell.Streams.Progress
        }
        finally {
            $shell.Dispose()
        }
    }
}

Describe 'Pools and machines' {
    BeforeEach {
        $folder = Join-Path $TestDrive ([Guid]::NewGuid().ToString('N'))
        $lab = New-VmUpdateLab -Path $folder -PooledVmCount 2
        $null = $lab | Connect-VmUpdateHost
    }

    It 'are declared, changed and removed' {
        (New-VmUpdatePool -Name Office -MasterPath $lab.OldMasterPath -KeepOldDiskDays 7).KeepOldDiskDays | Should -Be 7
        (Set-VmUpdatePool -Name Office -MasterPath $lab.NewMasterPath).MasterPath | Should -Be $lab.NewMasterPath
        (Set-VmUpdateMachine PC-01 -Role Pooled -Pool Office).Pool | Should -Be 'Office'
        (Get-VmUpdatePool Office).MachineCount | Should -Be 1
        { Remove-VmUpdatePool Office -Confirm:$false -ErrorAction Stop } | Should -Throw -ErrorId 'StoreInUse,*'
        $null = Set-VmUpdateMachine PC-01 -Role Ignored
        Remove-VmUpdatePool Office -Confirm:$false
        (Get-VmUpdatePool).Pool | Should -Not -Contain 'Office'
    }

    It 'are found by their disks' {
        (New-VmUpdateLabMachine -LabPath $folder -Name PC-90 -DiskPath $lab.NewMasterPath).Role | Should -Be 'Ignored'
        (New-VmUpdateLabMachine -LabPath $folder -Name PC-91 -DiskPath $lab.NewMasterPath -Pool Mine).Pool | Should -Be 'Mine'
        $null = New-VmUpdatePool -Discover -Confirm:$false -WarningAction SilentlyContinue
        (Get-VmUpdateMachine PC-90).Role | Should -Be 'Pooled'
    }

    It 'are looked at one after the other, and the bar says which' {
        $shown = Get-Progress Test-PooledVmImage @{ Pool = 'LabPool'; MasterPath = $lab.NewMasterPath } -LabPath $folder
        $shown.StatusDescription | Should -Be 'PC-01', 'PC-02', 'Done'
        $shown.PercentComplete | Select-Object -First 2 | Should -Be 0, 50
        (Get-Progress Test-VmImage @{ Path = $lab.NewMasterPath }).StatusDescription | Should -Be $lab.NewMasterPath, 'Done'
    }

    It 'stay what they are with -WhatIf: <_>' -ForEach @(
        'New-VmUpdatePool Office', 'Set-VmUpdatePool LabPool -MasterPath $lab.NewMasterPath', 'Remove-VmUpdatePool LabPool', 'Set-VmUpdateMachine PC-01 -Role Ignored',
        'New-VmUpdateLabMachine PC-90 $lab.NewMasterPath -LabPath $folder', 'Restore-PooledVmImage PC-01 -Force', 'Remove-PooledVmOldDisk PC-01 -AllowBeforeTime -Force',
        'Clear-VmIdentity $lab.NewMasterPath "$folder/new.vhdx"', 'Install-VmUpdateAgent $lab.NewMasterPath "$folder/new.vhdx"', 'New-VmIdentityStoreKey',
        'Set-VmUpdateHost -MaxAwake 9', 'Set-VmUpdateLabHost -LabPath $folder -CpuPercent 90', 'Set-VmUpdateLabMachine PC-01 -LabPath $folder -State Saved',
        'Suspend-VmUpdateTask -All', 'Resume-VmUpdateTask -All', 'Stop-VmUpdateRun -All', 'Unregister-VmUpdateTask -All', 'Set-VmUpdateTask Patch -Urgent'
    ) {
        Register-VmUpdateTask Patch x -Kind Configuration -VMName PC-01
        $null = Update-PooledVmImage PC-01 -MasterPath $lab.NewMasterPath -Force
        function Get-State {
            Get-ChildItem $folder -Recurse -File -Filter *.vhdx | Get-FileHash | ForEach-Object { "$($_.Path) $($_.Hash)" }
            Get-VmUpdatePool | Out-String
            Get-VmUpdateMachine | Out-String
            Get-VmUpdateTask | Out-String
            Get-VmUpdateRun | Out-String
            (Get-VmUpdateHost).MaxAwake
        }

        $before = Get-State
        & ([scriptblock]::Create("$_ -WhatIf"))
        Get-State | Should -Be $before
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
        $before = Get-VmIdentity $disk | Where-Object { $_.Present -and $_.SetName -in 'computer-name', 'machine-guid' }
        $null = Update-PooledVmImage PC-01 -MasterPath $lab.NewMasterPath -Force
        $after = Get-VmIdentity (Get-PooledVmImage PC-01).DiskPath | Where-Object { $_.Present -and $_.SetName -in 'computer-name', 'machine-guid' }
        $after.Fingerprint | Should -Be $before.Fingerprint
        (Get-FileHash $disk).Hash | Should -Be $hash
    }

    It 'takes sets of ones own, and refuses a bad one with its line' {
        $set = '{ "set": "mine", "title": "t", "reason": "r.", "old": "carry", "master": "keep", "certainty": "R", "source": "s", "items": [
            { "kind": "registry-value", "hive": "SOFTWARE", "key": "Microsoft\\Cryptography", "value": "MachineGuid" } ] }'
        Set-Content -LiteralPath "$folder/mine.json" -Value $set
        Get-VmIdentity $lab.OldMasterPath -CataloguePath "$folder/mine.json" | ForEach-Object SetName | Should -Contain 'mine'
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
        $found | Where-Object Kind -eq 'Leak' | ForEach-Object SetName | Sort-Object | Should -Be $planted
        $found | Where-Object Kind -eq 'Duplicate' | ForEach-Object SetName | Should -Be 'trend-micro'
    }

    It 'writes a page' {
        $report = Join-Path $folder 'report.html'
        $null = Test-VmIdentity -Path (Join-Path $folder 'disks') -AsReport $report
        Get-Content $report -Raw | Should -Not -Match 'Not-A-Secret-In-A-Lab-1'
    }

    It 'cleans a master into a new file, and takes nothing twice' {
        $hash = (Get-FileHash $lab.OldMasterPath).Hash
        $clean = Join-Path $folder 'clean.vhdx'
        Clear-VmIdentity $lab.OldMasterPath $clean | ForEach-Object SetName | Sort-Object -Unique | Should -Be $planted
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
        $before = Get-VmIdentity (Get-PooledVmImage PC-01).DiskPath | Where-Object { $_.Present -and $_.SetName -in 'computer-name', 'machine-guid' }
        (Import-VmIdentity $export.Path PC-01 -MasterPath $lab.NewMasterPath -DiskPath $new -Passphrase $passphrase).GuestName | Should -Be 'PC-01'
        $after = Get-VmIdentity $new | Where-Object { $_.Present -and $_.SetName -in 'computer-name', 'machine-guid' }
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
