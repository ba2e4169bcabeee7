#Requires -Modules @{ ModuleName = 'Pester'; ModuleVersion = '5.0' }
<#
The Hyper-V backend on a real Hyper-V host, for an administrator who lends us one:
    dotnet build src/VmUpdate.PowerShell
    Invoke-Pester tests/Pester/HyperV.Tests.ps1 -Output Detailed
It makes virtual machines of its own, called vmupdate-test-*, on small disks in a folder of its own, and takes both away at the end. No other
machine is changed. No Windows runs in them: what needs one is in docs/windows-checklist.md. It wants an elevated prompt, the
Hyper-V role with its module, 2 GiB of memory and 1 GiB of disk. At the end it prints a report; send it to us, with what failed.
#>

BeforeDiscovery {
    # $IsWindows is absent in Windows PowerShell, which runs on Windows only.
    $onWindows = $PSVersionTable.PSEdition -ne 'Core' -or $IsWindows
    $elevated = $onWindows -and ([Security.Principal.WindowsPrincipal] [Security.Principal.WindowsIdentity]::GetCurrent()).IsInRole('Administrators')
    $missing = if (-not $onWindows) { 'Hyper-V is on Windows only' }
    elseif (-not $elevated) { 'the prompt is not elevated' }
    elseif (-not (Get-Module -ListAvailable Hyper-V)) { 'the module Hyper-V is not installed' }
    elseif ((Get-Service vmms -ErrorAction SilentlyContinue).Status -ne 'Running') { 'the service vmms does not run' }
    $isVirtualizationHost = $onWindows -and (Get-Service VmHostAgent -ErrorAction SilentlyContinue).Status -eq 'Running'
    if ($missing) { Write-Warning "HyperV.Tests.ps1 is skipped: $missing." }
}

Describe 'The Hyper-V backend on a real host' -Skip:([bool] $missing) {
    BeforeAll {
        Import-Module ([IO.Path]::GetFullPath("$PSScriptRoot/../../VmUpdate.psd1")) -Force
        Import-Module Hyper-V
        $namespace = 'root/virtualization/v2'
        $prefix = "vmupdate-test-$([Guid]::NewGuid().ToString('N').Substring(0, 6))"
        $root = Join-Path ([IO.Path]::GetTempPath()) $prefix
        $null = New-Item -ItemType Directory $root
        $lab = New-VmUpdateLab -Path (Join-Path $root 'lab') -PooledVmCount 0
        $disks = Join-Path $root 'disks'
        $null = New-Item -ItemType Directory $disks
        $facts = [ordered]@{
            Date = [DateTime]::UtcNow.ToString('u')
            Windows = [Environment]::OSVersion.Version.ToString()
            PowerShell = $PSVersionTable.PSVersion.ToString()
            HyperV = (Get-Module Hyper-V).Version.ToString()
            Notes = [Collections.Generic.List[string]]::new()
        }

        # A class of Hyper-V's, by its own names; each name here is checked against the schema by a test of ours.
        function Get-Msvm([string] $Class, [string[]] $Property, [string] $Filter) {
            Get-CimInstance -Namespace $namespace -ClassName $Class -Property $Property -Filter $Filter
        }

        function New-TestMachine([string] $Name, [int] $Generation) {
            $disk = Join-Path $disks "$prefix-$Name.vhdx"
            $null = New-VHD -Path $disk -ParentPath $lab.OldMasterPath -Differencing
            $machine = New-VM -Name "$prefix-$Name" -Generation $Generation -MemoryStartupBytes 64MB -VHDPath $disk -Path $root
            if ($Generation -eq 2) { Set-VMFirmware -VM $machine -EnableSecureBoot Off }
            Set-VM -VM $machine -AutomaticCheckpointsEnabled $false -AutomaticStartAction Nothing
            $machine
        }

        $one = New-TestMachine 'one' 2
        $two = New-TestMachine 'two' 2
        $old = New-TestMachine 'old' 1
        Set-VM -VM $one -Notes 'what somebody noted'
        $null = Connect-VmUpdateHost -HyperV -StorePath (Join-Path $root 'store')
        $null = New-VmUpdatePool -Name $prefix -MasterPath $lab.OldMasterPath
    }

    AfterAll {
        if ($prefix) {
            Get-VM | Where-Object Name -Like "$prefix*" | ForEach-Object {
                if ($_.State -ne 'Off') { Stop-VM -VM $_ -TurnOff -Force -ErrorAction SilentlyContinue }
                Remove-VM -VM $_ -Force
            }
            Remove-Item $root -Recurse -Force -ErrorAction SilentlyContinue
            Write-Host ($facts | ConvertTo-Json -Depth 4)
        }
    }

    It 'says that the host can be worked on' {
        $checks = Test-VmUpdateHost
        $facts.Checks = @($checks | ForEach-Object { "$($_.Check): $($_.Verdict), $($_.Detail)" })
        ($checks | Where-Object Check -In 'Machines', 'Load' | Where-Object Verdict -eq 'Blocked') | Should -BeNullOrEmpty
    }

    It 'sees the same machines in the same states as Hyper-V' {
        $ours = Get-VmUpdateMachine | ForEach-Object { "$($_.VMId) $($_.VMName) $($_.State)" } | Sort-Object
        $theirs = Get-VM | ForEach-Object { "$($_.Id) $($_.Name) $($_.State)" } | Sort-Object
        $ours | Should -Be $theirs
    }

    It 'reads the processors as the hypervisor counts them' {
        $load = (Get-VmUpdateHost).CpuPercent
        $load | Should -BeGreaterOrEqual 0
        $load | Should -BeLessOrEqual 100
        $facts.CpuPercent = $load
    }

    It 'notes what a machine is beside what others noted' {
        Set-VmUpdateMachine -Id $one.Id -Role Pooled -Pool $prefix
        $settings = Get-Msvm -Class Msvm_VirtualSystemSettingData -Property InstanceID, Notes, VirtualSystemType -Filter "VirtualSystemIdentifier='$($one.Id)' AND VirtualSystemType='Microsoft:Hyper-V:System:Realized'"
        $settings.Notes -join "`n" | Should -Match 'what somebody noted'
        $settings.Notes -join "`n" | Should -Match $prefix
        (Get-VM -Id $one.Id).Notes | Should -Match 'what somebody noted'
    }

    It 'finds which machines are made from one master' {
        $found = New-VmUpdatePool -Discover -Confirm:$false -WarningAction SilentlyContinue
        $found.Pool | Should -Contain $prefix
        (Get-VmUpdateMachine -Id $two.Id).Pool | Should -Be $prefix
    }

    It 'refuses a machine that has a checkpoint' {
        Checkpoint-VM -VM $two -SnapshotName 'ours'
        try {
            $result = Update-PooledVmImage -Id $two.Id -MasterPath $lab.NewMasterPath -Force -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed[0].FullyQualifiedErrorId | Should -Match '^VmHasCheckpoints,'
        }
        finally {
            Get-VMSnapshot -VM $two | Remove-VMSnapshot
            while ((Get-VMHardDiskDrive -VM $two).Path -like '*.avhdx') { Start-Sleep -Milliseconds 200 }
        }
    }

    It 'changes nothing with -WhatIf' {
        $before = (Get-VMHardDiskDrive -VMName "$prefix-one").Path
        Update-PooledVmImage -Id $one.Id -MasterPath $lab.NewMasterPath -WhatIf
        (Get-VMHardDiskDrive -VMName "$prefix-one").Path | Should -Be $before
    }

    Context 'Who is logged on in a machine that runs' {
        BeforeAll {
            # Not drawn from any account: it must not open a guest, and must not be shown.
            $password = [Guid]::NewGuid().ToString('N')
            $stranger = [pscredential]::new('vmupdate-stranger', (ConvertTo-SecureString $password -AsPlainText -Force))
            Start-VM -VM $two

            function Get-Finding {
                $test = Test-PooledVmImage -Id $two.Id -MasterPath $lab.NewMasterPath
                $facts.Notes.Add("who is logged on: $($test.Verdict), $($test.Reason)")
                $test.Findings | ForEach-Object Id
            }
        }

        AfterAll {
            Stop-VM -VM $two -TurnOff -Force
            $null = Connect-VmUpdateHost -HyperV -StorePath (Join-Path $root 'store')
        }

        It 'is not known of one that Remote Desktop Services do not list' {
            $facts.RdVirtualizationHost = "$((Get-Service VmHostAgent -ErrorAction SilentlyContinue).Status)"
            Get-Finding | Should -Contain 'SessionsUnknown'
        }

        It 'is asked of Remote Desktop Services where they run, and a machine of theirs is told to be theirs' -Skip:(-not $isVirtualizationHost) {
            $theirs = Get-VmUpdateMachine | Where-Object ManagedBy -Match 'RDS'
            $facts.Notes.Add("machines of Remote Desktop Services: $(@($theirs).Count)")
            $theirs.VMId | Should -Not -Contain $two.Id
        }

        It 'is not known of a guest that does not answer PowerShell Direct' {
            $connected = Connect-VmUpdateHost -HyperV -StorePath (Join-Path $root 'store') -GuestCredential $stranger
            $connected | Format-List * | Out-String | Should -Not -Match $password
            $watch = [Diagnostics.Stopwatch]::StartNew()
            Get-Finding | Should -Contain 'SessionsUnknown'
            $facts.Notes.Add("PowerShell Direct to a guest that is none took $([int] $watch.Elapsed.TotalSeconds) s")
            $watch.Elapsed.TotalMinutes | Should -BeLessThan 3
            (Get-VM -Id $two.Id).State | Should -Be 'Running'
        }

        It 'is not known, and the machine not touched, when it is to be moved' {
            $before = (Get-VMHardDiskDrive -VMName "$prefix-two").Path
            $null = Update-PooledVmImage -Id $two.Id -MasterPath $lab.NewMasterPath -Force -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed[0].FullyQualifiedErrorId | Should -Match '^SessionsUnknown,'
            (Get-VMHardDiskDrive -VMName "$prefix-two").Path | Should -Be $before
            (Get-VM -Id $two.Id).State | Should -Be 'Running'
        }
    }

    It 'moves a machine of generation <generation> to the new master: <name>' -ForEach @(
        @{ name = 'one'; generation = 2 }
        @{ name = 'old'; generation = 1 }
    ) {
        $machine = Get-VM -Name "$prefix-$name"
        Set-VmUpdateMachine -Id $machine.Id -Role Pooled -Pool $prefix
        $former = (Get-VMHardDiskDrive -VM $machine).Path
        $hash = (Get-FileHash $former).Hash
        (Update-PooledVmImage -Id $machine.Id -MasterPath $lab.NewMasterPath -Force).State | Should -Be 'Updated'

        $present = (Get-VMHardDiskDrive -VM $machine).Path
        $present | Should -Not -Be $former
        (Get-VHD $present).ParentPath | Should -Be $lab.NewMasterPath
        (Get-FileHash $former).Hash | Should -Be $hash
        (Get-VM -Id $machine.Id).State | Should -Be 'Off'
        (Get-Acl $present).Access.IdentityReference.Value | Should -Contain "NT VIRTUAL MACHINE\$($machine.Id)"
        if ($generation -eq 2) { (Get-VMFirmware -VM $machine).BootOrder[0].Device.Path | Should -Be $present }
    }

    It 'leaves a disk that Windows mounts and finds whole' {
        $present = (Get-VMHardDiskDrive -VMName "$prefix-one").Path
        $volume = Mount-VHD $present -ReadOnly -PassThru | Get-Disk | Get-Partition | Get-Volume | Where-Object FileSystem -eq 'NTFS' | Select-Object -First 1
        try {
            $volume | Should -Not -BeNullOrEmpty
            $path = (Get-Partition -Volume $volume).AccessPaths | Select-Object -First 1
            $null = chkdsk.exe $path.TrimEnd('\')
            $facts.Notes.Add("chkdsk after a swap: exit code $LASTEXITCODE")
            $LASTEXITCODE | Should -BeIn 0, 13
            $copy = Join-Path $root 'SYSTEM'
            Copy-Item (Join-Path $path 'Windows\System32\config\SYSTEM') $copy
            $null = reg.exe load "HKLM\$prefix" $copy
            $LASTEXITCODE | Should -Be 0
            $null = reg.exe unload "HKLM\$prefix"
        }
        finally {
            Dismount-VHD $present
        }
    }

    It 'leaves a machine that starts, and starts from its new disk' {
        Start-VM -Name "$prefix-one"
        $state = (Get-Msvm -Class Msvm_ComputerSystem -Property Name, ElementName, EnabledState -Filter "Name='$($one.Id)'").EnabledState
        Stop-VM -Name "$prefix-one" -TurnOff -Force
        $state | Should -Be 2
    }

    It 'goes back' {
        (Restore-PooledVmImage -Id $one.Id -Force).State | Should -Be 'Updated'
        (Get-VHD (Get-VMHardDiskDrive -VMName "$prefix-one").Path).ParentPath | Should -Not -Be $lab.NewMasterPath
    }

    It 'puts a saved machine back as it was although its guest never answers' {
        Set-VmUpdateMachine -Id $two.Id -Role Personal
        Start-VM -VM $two
        Save-VM -VM $two
        Set-VmUpdateHost -SettleTime 0 -StartJitter 0
        Register-VmUpdateTask -Name $prefix -Kind Configuration -Command 'x' -VMId $two.Id -WakeTimeout 30s
        try {
            $result = Invoke-VmUpdateBroker
            $facts.Notes.Add("a guest that is none: $((Get-VmUpdateRun -TaskName $prefix).State), $((Get-VmUpdateRun -TaskName $prefix).Reason)")
            $result.LeftAwake | Should -BeNullOrEmpty
            (Get-VM -Id $two.Id).State | Should -Be 'Saved'
            (Get-VM -Id $two.Id).Notes | Should -Not -Match 'woken'
        }
        finally {
            Unregister-VmUpdateTask $prefix -Force -ErrorAction SilentlyContinue
            Remove-VMSavedState -VM $two
        }
    }

    It 'tells two machines of one name apart by their ids only' {
        $twin = New-VM -Name "$prefix-two" -Generation 2 -MemoryStartupBytes 64MB -NoVHD -Path $root
        { Get-VmUpdateMachine "$prefix-two" -ErrorAction Stop } | Should -Throw -ErrorId 'AmbiguousName,*'
        Remove-VM -VM $twin -Force
    }

    It 'loads in this PowerShell' {
        $facts.Module = (Get-Module VmUpdate).Version.ToString()
        (Get-Command -Module VmUpdate).Count | Should -BeGreaterThan 30
    }
}
