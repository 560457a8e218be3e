"""What must hold of any book, asked of the database by SQL alone."""

INVARIANTS = {
    "both sides are equal": """
        SELECT institution_id FROM escrow.balance
        WHERE custody_cash_fen + institution_receivable_fen + unbacked_debit_fen
          <> tuition_held_fen + institution_payable_fen + payment_clearing_fen
             + refund_payable_fen + unmatched_receipt_fen + reserve_fen""",
    "a contract keeps its money": """
        SELECT contract_id FROM escrow.tuition
        WHERE released_fen + refunded_fen + held_fen <> funded_fen OR funded_fen > paid_fen
          OR least(released_fen, refunded_fen, held_fen) < 0""",
    "what is counted was moved": """
        SELECT t.contract_id FROM escrow.tuition AS t
        LEFT JOIN escrow.lesson AS l ON l.institution_id = t.institution_id
          AND l.contract_id = t.contract_id AND l.reversed_by IS NULL
        GROUP BY t.institution_id, t.contract_id
        HAVING t.lessons_released <> count(l.item_id)
          OR t.released_fen <> coalesce(sum(l.amount_fen), 0)""",
    "no lesson twice": """
        SELECT contract_id FROM escrow.lesson WHERE reversed_by IS NULL
        GROUP BY institution_id, contract_id, lesson_no HAVING count(*) > 1""",
    "cash is what the bank booked": """
        SELECT b.institution_id FROM escrow.balance AS b
        LEFT JOIN escrow.bank_entry AS e USING (institution_id)
        GROUP BY b.institution_id
        HAVING b.custody_cash_fen <> coalesce(sum(
          CASE e.direction WHEN 'credit' THEN e.amount_fen ELSE -e.amount_fen END), 0)""",
    "held is the sum of contracts": """
        SELECT b.institution_id FROM escrow.balance AS b
        LEFT JOIN escrow.tuition AS t USING (institution_id)
        GROUP BY b.institution_id HAVING b.tuition_held_fen <> coalesce(sum(t.held_fen), 0)""",
    "no line is on its way twice": """
        SELECT release_id FROM escrow.instruction_line
        WHERE release_id IS NOT NULL AND state NOT IN ('rejected', 'returned', 'withdrawn')
        GROUP BY institution_id, release_id HAVING count(*) > 1""",
    "events are numbered without a gap": """
        SELECT institution_id FROM escrow.event
        GROUP BY institution_id HAVING max(sequence) <> count(*)""",
}
"""Each finds nothing, ever."""
